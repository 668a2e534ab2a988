// Is this parameter what SQS would accept?
import { AwsError } from "../aws-json.ts";

/** Message and attributes together, and a whole batch: 1 MiB. */
export const maxMessageBytes = 1024 * 1024;

export function invalid(reason: string): AwsError {
  return new AwsError("InvalidParameterValue", reason);
}

export function readText(input: Record<string, unknown>, name: string): string {
  const value = input[name];
  if (typeof value === "string" && value !== "") return value;
  throw new AwsError("MissingParameter", `The request must contain the parameter ${name}.`);
}

export function readInteger(
  input: Record<string, unknown>,
  name: string,
  range: { min: number; max: number },
): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw invalid(
    `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${range.min} and ${range.max}, if provided.`,
  );
}
