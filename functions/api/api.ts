// What is a route added to, and where does it get its cloud from?
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Cloud } from "../core/cloud.ts";

export type Api = OpenAPIHono;

/** `cloud` is asked for with each request, so that a function that cannot reach it yet can still answer /health. */
export type OpenCloud = () => Promise<Cloud>;
