// How is the API described? As a document in OpenAPI, made of what its routes say of themselves.
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Api } from "./api.ts";
import { addExamples } from "./examples.ts";
import { registerFeedSchemas } from "./feed-view.ts";
import { addTags } from "./tags.ts";

export async function describeApi({ described }: Api): Promise<object> {
  const document = new OpenAPIHono();
  const { openAPIRegistry } = document;
  for (const route of described) openAPIRegistry.registerPath(route);
  registerFeedSchemas(openAPIRegistry);
  openAPIRegistry.registerComponent("securitySchemes", "apiKey", { type: "apiKey", in: "header", name: "X-API-Key" });
  openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "drover_session",
  });
  const text = document.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "drover", version: "1" } });
  const paths = text.paths ?? {};
  await addExamples(paths);
  return { ...text, tags: addTags(paths) };
}
