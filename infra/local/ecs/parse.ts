// Is this request one that ECS would take? What it does not know it refuses, rather than ignore it.
import type { z } from "zod";
import { AwsError } from "../aws-json.ts";

export function parseInput<T>(schema: z.ZodType<T>, input: Record<string, unknown>): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidParameter([issue?.path.join("."), issue?.message].filter(Boolean).join(": "));
}

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterException", message);
}
