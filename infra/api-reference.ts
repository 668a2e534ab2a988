// What is the page on which people read the API's reference? Static files, the same everywhere; most are those of a package.
import { createRequire } from "node:module";
import type { contentPolicy } from "./page-policy.ts";

/** Where it stands, on every address of drover. */
export const referencePath = "/docs";

/** The renderer has its icons as data. */
export const referencePolicy: Parameters<typeof contentPolicy>[0] = { images: ["data:"], sendsForms: false };

export const referencePage = `<!doctype html>
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

/** `show.js`. The key that somebody types in for a try is kept in the page's memory only. */
export const referenceScript = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
  persistAuthorization: false,
});
`;

/** The others, by their names, with the types that they are served as. */
export const packageFiles = {
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
} as const;

export const pathOfPackageFile = (name: string): string =>
  createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
