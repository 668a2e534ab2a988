// Which types does the client have? Those of the API's own document, written to clients/api-types.ts.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import { app } from "../functions/api.ts";

export const typesFile = resolve(import.meta.dirname, "../clients/api-types.ts");

const header =
  "// The API as types. Written by `npm run generate` from the API's own document: change the routes, not this.\n";

export async function generateTypes(): Promise<string> {
  const text = await (await app.request("/openapi.json")).text();
  // Examples are for people; in the types they would be pages of comments.
  const document: OpenAPI3 = JSON.parse(text, (key, value) => (key === "example" ? undefined : value));
  return (
    header +
    astToString(
      await openapiTS(document, { defaultNonNullable: false, rootTypes: true, rootTypesNoSchemaPrefix: true }),
    )
  );
}

if (import.meta.main) writeFileSync(typesFile, await generateTypes());
