// In which form is a backend declared, added and edited?
import * as z from "zod";
import type { EcsTarget } from "./backends.ts";
import { resourceName } from "./requests.ts";

/** At most as many groups and subnets as RunTask takes. */
const place = {
  cluster: z.string().min(1).max(512),
  taskDefinition: z.string().min(1).max(512),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "name a region, as eu-central-1")
    .optional(),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .optional(),
  subnets: z.array(z.string().min(1).max(64)).min(1).max(16),
  securityGroups: z.array(z.string().min(1).max(64)).max(5),
  assignPublicIp: z.boolean(),
};

const ecsTarget = z.strictObject({
  ...place,
  securityGroups: place.securityGroups.default([]),
  assignPublicIp: place.assignPublicIp.default(false),
}) satisfies z.ZodType<EcsTarget>;

const declaredBackends = z.record(resourceName, ecsTarget);

/** `DROVER_BACKENDS`: JSON, from the names of backends beside the default one to where they are. */
export function declareBackends(setting: string): Record<string, EcsTarget> {
  const parsed = declaredBackends.safeParse(JSON.parse(setting));
  if (!parsed.success) throw new Error(`DROVER_BACKENDS: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

const slots = z.int().min(1).max(10_000);
const note = z.string().trim().max(500);

/** The body of `POST /backends`. A declared one is named only; where it is stands in its declaration. */
export const backendRequest = z.strictObject({
  name: resourceName,
  kind: z.literal("ecs").default("ecs"),
  ...z.object(place).partial().shape,
  slots: slots.optional(),
  note: note.optional(),
});
export type BackendRequest = z.output<typeof backendRequest>;

/** The body of `PATCH /backends/:name`. Null takes a limit of its own away. */
export const backendEdit = z
  .strictObject({ slots: slots.nullable().optional(), note: note.optional() })
  .refine(({ slots, note }) => slots !== undefined || note !== undefined, "names nothing to change");
export type BackendEdit = z.output<typeof backendEdit>;
