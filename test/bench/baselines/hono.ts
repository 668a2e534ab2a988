// What has anything on Hono to load, before it speaks with any service?
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

const app = new Hono();
app.get("/", (context) => context.text("alive"));
export const handler = handle(app);
