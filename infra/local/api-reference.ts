// How is the API's reference read on this machine? At /docs, by static files of a package, read when somebody asks for them.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Hono } from "hono";
import { pagePolicy } from "./page-policy.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** The renderer has its icons as data. */
const policy = pagePolicy({ images: ["data:"], sendsForms: false });

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>drover: API reference</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <main id="reference"></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/show.js"></script>
  </body>
</html>
`;

/** The key that somebody types in for a try is kept in the page's memory only. */
const show = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
  persistAuthorization: false,
});
`;

const packageFiles = {
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
} as const;

export function withApiReference(api: Fetch): Fetch {
  const site = new Hono();
  site.on(["GET", "HEAD"], ["/docs", "/docs/*"], policy);
  site.get("/docs", (context) => context.html(page));
  site.get("/docs/show.js", (context) => context.body(show, 200, { "content-type": "text/javascript; charset=utf-8" }));
  for (const [name, type] of Object.entries(packageFiles)) {
    site.get(`/docs/${name}`, async (context) => {
      const file = createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
      return context.body(await readFile(file), 200, { "content-type": type, "cache-control": "max-age=86400" });
    });
  }
  site.all("*", (context) => api(context.req.raw));
  return site.fetch;
}
