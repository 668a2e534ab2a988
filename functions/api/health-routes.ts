// Is this function up, and can it reach what it needs?
import * as z from "zod";
import { probeBackends } from "../flows/backends.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";

const probeTimeoutMs = 2_000;
/** Everybody may ask, without a key: the answer is kept, so that asking costs the table and ECS nothing more. */
const keptMs = { ready: 10_000, not_ready: 1_000 };
const startedAt = Date.now();

const healthSchema = z.object({ status: z.literal("healthy"), uptimeMs: z.int(), timestamp: z.string() });
const readySchema = z.object({
  status: z.enum(["ready", "not_ready"]),
  /** `ok`, or what failed. */
  checks: z.record(z.string(), z.string()),
});

const health = createRoute({
  method: "get",
  path: "/health",
  summary: "Is the process up?",
  responses: { 200: { description: "It is", content: { "application/json": { schema: healthSchema } } } },
});

const ready = createRoute({
  method: "get",
  path: "/health/ready",
  summary: "Can it reach the table, the queue and a backend?",
  responses: {
    200: { description: "All of them", content: { "application/json": { schema: readySchema } } },
    503: {
      description: "Not all; `checks` names what failed",
      content: { "application/json": { schema: readySchema } },
    },
  },
});

export function addHealthRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(health, (context) => {
    const now = Date.now();
    return context.json({ status: "healthy", uptimeMs: now - startedAt, timestamp: new Date(now).toISOString() }, 200);
  });
  const checkedLately = keep(() => checkAll(openCloud));
  app.openapi(ready, async (context) => {
    const readiness = await checkedLately();
    return context.json(readiness, readiness.status === "ready" ? 200 : 503);
  });
}

type Readiness = z.infer<typeof readySchema>;

/** Whoever asks meanwhile gets the same answer. */
function keep(ask: () => Promise<Readiness>): () => Promise<Readiness> {
  let asked: Promise<Readiness> | undefined;
  let keptUntil = 0;
  return () => {
    if (asked && Date.now() < keptUntil) return asked;
    keptUntil = Number.POSITIVE_INFINITY;
    asked = ask().then((readiness) => {
      keptUntil = Date.now() + keptMs[readiness.status];
      return readiness;
    });
    return asked;
  };
}

async function checkAll(openCloud: OpenCloud): Promise<Readiness> {
  const probes = ["table", "queue", "cluster"] as const;
  const results = await Promise.all(probes.map(async (name) => [name, await check(openCloud, name)] as const));
  const allOk = results.every(([, result]) => result === "ok");
  return { status: allOk ? "ready" : "not_ready", checks: Object.fromEntries(results) };
}

async function check(openCloud: OpenCloud, name: "table" | "queue" | "cluster"): Promise<string> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${probeTimeoutMs} ms`)), probeTimeoutMs).unref();
  });
  const probe = async () => {
    const cloud = await openCloud();
    const clusters = { probe: () => probeBackends(cloud) };
    await { table: cloud.table, queue: cloud.wakeUps, cluster: clusters }[name].probe();
  };
  try {
    await Promise.race([probe(), timeout]);
    return "ok";
  } catch (error) {
    console.warn(`readiness: ${name} failed`, error);
    return `failed: ${error instanceof Error ? error.name : "unknown error"}`;
  }
}
