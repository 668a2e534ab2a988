// How does a delivery look through the API? What was sent, what came of every try, and when the next one is.
import * as z from "zod";
import { DroverError } from "../core/errors.ts";
import { type Delivery, type DeliveryId, isDeliveryId, noticeTypes } from "../core/notices.ts";

export const deliveryPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().optional(),
});

export const deliverySchema = z.object({
  deliveryId: z.string(),
  /** What a webhook gets as `webhook-id`. */
  messageId: z.string(),
  type: z.enum(noticeTypes),
  taskId: z.string(),
  state: z.enum(["pending", "delivered", "failed"]),
  createdAt: z.string(),
  attempts: z.int(),
  maxAttempts: z.int(),
  nextAt: z.string().optional(),
  tries: z.array(
    z.object({ at: z.string(), durationMs: z.int(), status: z.int().optional(), why: z.string().optional() }),
  ),
  /** The body as it is sent; empty while a comment waits for its pull request. */
  payload: z.string(),
});
export const deliveriesSchema = z.object({ deliveries: z.array(deliverySchema), nextCursor: z.string().optional() });

const iso = (at: number) => new Date(at).toISOString();

export function viewDelivery(delivery: Delivery): z.output<typeof deliverySchema> {
  const { deliveryId, messageId, type, taskId, state, createdAt, attempts, maxAttempts, nextAt, tries, body } =
    delivery;
  return {
    ...{ deliveryId, messageId, type, taskId, state, attempts, maxAttempts },
    createdAt: iso(createdAt),
    ...(state === "pending" ? { nextAt: iso(nextAt) } : {}),
    tries: tries.map(({ at, ...tried }) => ({ at: iso(at), ...tried })),
    payload: body,
  };
}

/** Throws `invalid_request` for a cursor that no list has answered. */
export async function readDeliveries(
  { limit, cursor }: z.output<typeof deliveryPage>,
  read: (before: DeliveryId | undefined, limit: number) => Promise<Delivery[]>,
): Promise<z.output<typeof deliveriesSchema>> {
  if (cursor !== undefined && !isDeliveryId(cursor)) {
    throw new DroverError("invalid_request", "The cursor is not one that a list answered. Start without a cursor.");
  }
  const found = await read(cursor, limit + 1);
  const page = found.slice(0, limit);
  const nextCursor = found.length > limit ? page.at(-1)?.deliveryId : undefined;
  return { deliveries: page.map(viewDelivery), ...(nextCursor ? { nextCursor } : {}) };
}
