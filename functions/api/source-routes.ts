// How does an admin say from which forge's issues tasks come?
import { randomBytes } from "node:crypto";
import * as z from "zod";
import { resourceName } from "../core/requests.ts";
import { hookPath, type Source, sourceRequest } from "../core/sources.ts";
import { addSource, removeSource } from "../flows/sources.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { security } from "./auth.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { openForAdmin } from "./roles.ts";

const path = "/api/orchestrator/workspaces/{workspace}/sources";
const params = z.object({ workspace: resourceName });
const secretBytes = 32;

const sourceSchema = sourceRequest.extend({
  sourceId: z.string(),
  /** Where the forge sends its webhooks to, on this API's host. */
  path: z.string(),
  createdBy: z.string(),
  createdAt: z.string(),
});
const forbidden = problemResponse("The key is not an admin of that workspace");

const add = createRoute({
  method: "post",
  path,
  summary: "Have issues of a forge become tasks; the secret for the forge is shown in this answer only",
  security,
  request: { params, body: { required: true, content: json(sourceRequest) } },
  responses: {
    201: { description: "The source", content: json(sourceSchema.extend({ secret: z.string() })) },
    403: forbidden,
    409: problemResponse("The workspace has a source of that name"),
    422: problemResponse("There are too many sources"),
  },
});

const list = createRoute({
  method: "get",
  path,
  summary: "List the sources of a workspace",
  security,
  request: { params },
  responses: {
    200: {
      description: "The sources, without their secrets",
      content: json(z.object({ sources: z.array(sourceSchema) })),
    },
    403: forbidden,
  },
});

const remove = createRoute({
  method: "delete",
  path: `${path}/{sourceId}`,
  summary: "Remove a source with its secret; its tasks go on",
  security,
  request: { params: params.extend({ sourceId: z.string().max(64) }) },
  responses: {
    204: { description: "Removed" },
    403: forbidden,
    404: problemResponse("The workspace has no such source"),
  },
});

export function addSourceRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(add, async (context) => {
    const { workspace } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    const secret = randomBytes(secretBytes).toString("hex");
    const source = await addSource(cloud, admin.keyId, workspace, context.req.valid("json"), secret);
    return context.json({ ...viewSource(source), secret }, 201);
  });

  app.openapi(list, async (context) => {
    const { workspace } = context.req.valid("param");
    const { cloud } = await openForAdmin(openCloud, context, workspace);
    return context.json({ sources: (await cloud.table.listSources(workspace)).map(viewSource) }, 200);
  });

  app.openapi(remove, async (context) => {
    const { workspace, sourceId } = context.req.valid("param");
    const { cloud, admin } = await openForAdmin(openCloud, context, workspace);
    await removeSource(cloud, admin.keyId, workspace, sourceId);
    return context.body(null, 204);
  });
}

const viewSource = ({ workspace: _, createdAt, ...source }: Source): z.output<typeof sourceSchema> => ({
  ...source,
  path: hookPath(source.sourceId),
  createdAt: new Date(createdAt).toISOString(),
});
