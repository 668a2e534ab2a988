// How does the dashboard come from this machine? Its files stand beside the API, which keeps every address that it knows.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { pagePolicy } from "./page-policy.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

const policy = pagePolicy({ sendsForms: true });
const unbuilt = "The dashboard is not built. Run `npm run build`, and load this page again.\n";

export function withDashboard(api: Fetch, dir: string): Fetch {
  const site = new Hono();
  const files = serveStatic({ root: dir });
  const index = serveStatic({ root: dir, path: "index.html" });
  for (const path of ["/", "/favicon.svg", "/assets/*"]) site.on(["GET", "HEAD"], path, policy);
  site.get("/", async (context, next) => {
    if (!existsSync(join(dir, "index.html"))) return context.text(unbuilt, 503);
    context.header("cache-control", "no-cache");
    return index(context, next);
  });
  site.get("/favicon.svg", files);
  // Their names change with what they hold.
  site.get("/assets/*", async (context, next) => {
    context.header("cache-control", "public, max-age=31536000, immutable");
    return files(context, next);
  });
  site.all("*", (context) => api(context.req.raw));
  return site.fetch;
}
