// How is the API's reference read on this machine? At /docs, by static files of a package, read when somebody asks for them.
import { readFile } from "node:fs/promises";
import { Hono } from "hono";
import {
  packageFiles,
  pathOfPackageFile,
  referencePage,
  referencePath,
  referencePolicy,
  referenceScript,
} from "../api-reference.ts";
import { pagePolicy } from "./page-policy.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

const policy = pagePolicy(referencePolicy);

export function withApiReference(api: Fetch): Fetch {
  const site = new Hono();
  site.on(["GET", "HEAD"], [referencePath, `${referencePath}/*`], policy);
  site.get(referencePath, (context) => context.html(referencePage));
  site.get(`${referencePath}/show.js`, (context) =>
    context.body(referenceScript, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  for (const [name, type] of Object.entries(packageFiles)) {
    site.get(`${referencePath}/${name}`, async (context) => {
      const file = await readFile(pathOfPackageFile(name));
      return context.body(file, 200, { "content-type": type, "cache-control": "max-age=86400" });
    });
  }
  site.all("*", (context) => api(context.req.raw));
  return site.fetch;
}
