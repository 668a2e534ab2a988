// What is a route added to, and where does it get its cloud from?
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import { type Handler, Hono } from "hono";
import type { Cloud } from "../core/cloud.ts";
import { inputsOf } from "./check-inputs.ts";

/** Hono, with routes that are described as they are added. What writes the document from that is loaded with the document. */
export interface Api extends Hono {
  openapi: OpenAPIHono["openapi"];
  described: RouteConfig[];
}

/** `cloud` is asked for with each request, so that a function that cannot reach it yet can still answer /health. */
export type OpenCloud = () => Promise<Cloud>;

export const createRoute = <P extends string, R extends Omit<RouteConfig, "path"> & { path: P }>(route: R): R => route;

export function createApi(): Api {
  const app = new Hono();
  const described: RouteConfig[] = [];
  const add = (route: RouteConfig, handler: Handler) => {
    described.push(route);
    app.on([route.method], [route.path.replaceAll(/\{(.+?)\}/g, ":$1")], ...inputsOf(route.request), handler);
  };
  return Object.assign(app, { described, openapi: add as unknown as OpenAPIHono["openapi"] });
}
