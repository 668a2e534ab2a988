// Entry point: the stream function. It answers piece by piece, which the runtime allows to a function of its own kind only.
import { streamHandle } from "hono/aws-lambda";
import { createStreamApp } from "./api/stream-app.ts";
import { cloudOfThisProcess } from "./cloud.ts";

export const handler = streamHandle(createStreamApp(cloudOfThisProcess));
