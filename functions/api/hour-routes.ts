// How has the last day gone? What ended and what was spent, hour by hour, of one workspace or of all.
import * as z from "zod";
import { type Hour, hourMs } from "../core/spending.ts";
import { readHours } from "../flows/read-hours.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json, ofWorkspaces } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { chooseWorkspace, requireRole } from "./roles.ts";

const hourSchema = z
  .object({
    /** When it began. */
    at: z.string(),
    completed: z.int(),
    failed: z.int(),
    killed: z.int(),
    microDollars: z.int(),
  })
  .meta({ id: "Hour" });

const hours = createRoute({
  method: "get",
  path: "/api/orchestrator/stats/hours",
  summary: "What ended and what models have cost in each hour of the last day, oldest first",
  security,
  request: {
    query: z.strictObject(ofWorkspaces),
  },
  responses: {
    200: {
      description: "This hour so far, and the 24 before it",
      content: json(z.object({ hours: z.array(hourSchema) })),
    },
    403: problemResponse("The key may not look at that workspace, or at all of them"),
  },
});

export function addHourRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(hours, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    const { workspace, everything } = context.req.valid("query");
    if (everything === "true") requireRole(key, "super_admin");
    const workspaces = everything === "true" ? await cloud.table.listWorkspaces() : [chooseWorkspace(key, workspace)];
    return context.json({ hours: (await readHours(cloud, workspaces)).map(viewHour) }, 200);
  });
}

const viewHour = ({ hour, ...counts }: Hour): z.output<typeof hourSchema> => ({
  at: new Date(hour * hourMs).toISOString(),
  ...counts,
});
