// Entry point: the digest function, called on a schedule. It alone reads the key that signs.
import { cloudOfThisProcess } from "./cloud.ts";
import { writeDigest } from "./flows/write-digest.ts";

export async function handler(): Promise<void> {
  await writeDigest(await cloudOfThisProcess());
}
