// Entry point: the API function.
import { handle } from "hono/aws-lambda";
import { createApp } from "./api/app.ts";
import { cloudOfThisProcess } from "./cloud.ts";

export const app = createApp(cloudOfThisProcess);
export const handler = handle(app);
