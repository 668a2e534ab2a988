// Where do forges send what happens to issues? No API key: the signature says whose it is.
import * as z from "zod";
import { takeHook } from "../flows/take-hook.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";

const take = createRoute({
  method: "post",
  path: "/api/hooks/{sourceId}",
  summary: "A webhook of GitHub, Gitea or Forgejo, as JSON: a labelled or assigned issue, or a command in a comment",
  description:
    "Signed with the source's secret: HMAC-SHA256 over the body, in X-Hub-Signature-256, X-Gitea-Signature or X-Forgejo-Signature.",
  security: [],
  request: { params: z.object({ sourceId: z.string().max(64) }) },
  responses: {
    202: { description: "It is a task now", content: json(z.object({ taskId: z.string() })) },
    200: {
      description: "It was a task before, or none is meant",
      content: json(z.object({ taskId: z.string().optional(), ignored: z.string().optional() })),
    },
    401: problemResponse("No source of that id has signed it"),
    413: problemResponse("The body is too large"),
    429: problemResponse(
      "The source has asked for too many tasks in this minute, or the queue is full: have it delivered again",
    ),
    422: problemResponse("It cannot be read, or the task cannot be admitted as the source asks for it"),
  },
});

export function addHookRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(take, async (context) => {
    const { sourceId } = context.req.valid("param");
    // The bytes as they came: what is parsed and written again has another signature.
    const body = new Uint8Array(await context.req.arrayBuffer());
    const taken = await takeHook(await openCloud(), sourceId, body, (name) => context.req.header(name));
    if (taken.kind === "ignored") return context.json({ ignored: taken.why }, 200);
    return taken.repeated ? context.json({ taskId: taken.taskId }, 200) : context.json({ taskId: taken.taskId }, 202);
  });
}
