// Entry point: the kill function, with a URL of its own, so that a kill needs nothing else to be up.
import "./aws/sandboxes.ts"; // Needed at once, so it is loaded at once.
import { handle } from "hono/aws-lambda";
import { createKillApp } from "./api/kill-app.ts";
import { cloudOfThisProcess } from "./cloud.ts";

export const handler = handle(createKillApp(cloudOfThisProcess));
