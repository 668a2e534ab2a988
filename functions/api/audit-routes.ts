// How does an auditor get the audit log, its digests, and the key that they are signed with?

import type { Context } from "hono";
import { stream } from "hono/streaming";
import * as z from "zod";
import { canonicalJson } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";
import type { ApiKey } from "../core/table.ts";
import type { Extent } from "../core/verify-digests.ts";
import { exportAudit, partsOf } from "../flows/export-audit.ts";
import { listDigestRecords, readDigest } from "../flows/read-digest.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, security } from "./auth.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { requireRole } from "./roles.ts";

const workspace = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "use lower-case letters, digits, - and _")
  .optional()
  .describe("One workspace; without it everything for a super admin, and the admin's own workspace for others");
const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .optional();
/** Typed loosely: the validator's types take every name that ends in json for one JSON document. */
const ndjson: `application/${string}` = "application/x-ndjson";
const lines = (description: string) => ({
  200: { description, content: { [ndjson]: { schema: z.string() } } },
  403: problemResponse("The key is not an admin of that workspace, or of all when none is named"),
});

const exportRoute = createRoute({
  method: "get",
  path: "/api/orchestrator/audit/export",
  summary: "Stream the audit log: a header, every event and act chain by chain, and an end that says how many",
  security,
  request: {
    query: z.strictObject({ workspace, from: moment, to: moment }).refine(({ from, to }) => !from || !to || from < to, {
      message: "must come after from",
      path: ["to"],
    }),
  },
  responses: lines("Verify it with `drover verify`; one without its end is not complete"),
});

const digests = createRoute({
  method: "get",
  path: "/api/orchestrator/audit/digests",
  summary: "Stream the daily digests that the audit log is verified against, one a line",
  security,
  request: { query: z.strictObject({ workspace, after: z.coerce.number().int().min(0).default(0) }) },
  responses: lines("The digests; with a workspace, its part of each and the hashes of the others"),
});

const publicKey = createRoute({
  method: "get",
  path: "/api/orchestrator/audit/key",
  summary: "The public key of the digests' signatures",
  security,
  responses: {
    200: {
      description: "Ed25519, SPKI in base64",
      content: json(z.object({ algorithm: z.literal("ed25519"), publicKey: z.string() })),
    },
  },
});

export function addAuditRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(exportRoute, async (context) => {
    const cloud = await openCloud();
    const { from, to, workspace } = context.req.valid("query");
    const asked = extentFor(await authenticate(cloud, context), workspace);
    const extent = { ...asked, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return send(context, exportAudit(cloud, extent));
  });

  app.openapi(digests, async (context) => {
    const cloud = await openCloud();
    const { after, workspace } = context.req.valid("query");
    const extent = extentFor(await authenticate(cloud, context), workspace);
    return send(context, showDigests(cloud, extent, after));
  });

  app.openapi(publicKey, async (context) => {
    const cloud = await openCloud();
    return context.json({ algorithm: "ed25519" as const, publicKey: await cloud.auditKey.publicKey() }, 200);
  });
}

/** An admin of one workspace need not name it. */
function extentFor(key: ApiKey, asked: string | undefined): Pick<Extent, "workspace"> {
  const one = asked ?? (key.role === "super_admin" ? undefined : key.workspace);
  requireRole(key, one === undefined ? "super_admin" : "workspace_admin", one);
  return one === undefined ? {} : { workspace: one };
}

async function* showDigests(cloud: Cloud, extent: Extent, after: number): AsyncGenerator<string> {
  for await (const record of listDigestRecords(cloud, after)) {
    const digest = await readDigest(cloud, record);
    // Left out it shows: the verifier counts them.
    if (!digest) console.error(`Digest ${record.number} is missing or was changed; it is not sent.`);
    else yield `${canonicalJson({ ...digest, parts: partsOf(digest, extent) })}\n`;
  }
}

/** An error on the way cuts the answer off, which shows by what it should have ended with. */
function send(context: Context, chunks: AsyncGenerator<string>): Response {
  context.header("content-type", ndjson);
  return stream(context, async (out) => {
    for await (const chunk of chunks) {
      if (out.aborted) return;
      await out.write(chunk);
    }
  });
}
