// How does a coordinator outside ask whether an agent's work is good?
import * as z from "zod";
import { qualityRequest } from "../core/quality.ts";
import { checkQuality } from "../flows/check-quality.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json } from "./inputs.ts";
import { taskOf } from "./own-task.ts";
import { problemResponse } from "./problems.ts";

const path = "/api/orchestrator/quality/check";

const check = createRoute({
  method: "post",
  path,
  summary: "Did the gates accept an agent's work? What cannot be read is not approved",
  security,
  request: { body: { required: true, content: json(qualityRequest) } },
  responses: {
    200: {
      description: "`gate` is the one that decided",
      content: json(
        z.object({
          approved: z.boolean(),
          gate: z.string(),
          message: z.string(),
          details: z.record(z.string(), z.unknown()),
        }),
      ),
    },
    400: problemResponse("The request is not valid, or the agent is not one of that task"),
    404: problemResponse("There is no such task"),
  },
});

export function addQualityRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(check, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { taskId, agentId, files } = context.req.valid("json");
    return context.json(await checkQuality(cloud, await taskOf(cloud, taskId, key), agentId, files), 200);
  });
}
