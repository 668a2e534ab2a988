// What must a restarted stack know again? Ports that running sandboxes were told, and the secrets that sign for them.
import { randomBytes, randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./atomic-file.ts";
import { SetUpError } from "./data-dir.ts";

const lowest = 20_000;
const beyond = 32_000;
const maxTries = 100;

const rememberedSchema = z.object({
  ports: z.object({ s3: z.int(), git: z.int() }),
  awsSecretAccessKey: z.string(),
});
export type Remembered = z.output<typeof rememberedSchema>;

/** Read from `<dataDir>/remembered.json` (0600), or chosen and written there. */
export async function remember(dataDir: string): Promise<Remembered> {
  const file = join(dataDir, "remembered.json");
  if (existsSync(file)) return rememberedSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const [s3, git] = await findFreePorts(2);
  const chosen = { ports: { s3: s3 ?? 0, git: git ?? 0 }, awsSecretAccessKey: randomBytes(30).toString("base64url") };
  await writeAtomically(file, [Buffer.from(JSON.stringify(chosen))]);
  return chosen;
}

/**
 * By chance, below the ports that systems give to outgoing connections: a restart must find them free again, and no
 * connection of a neighbour may take one between this look and our listening.
 */
async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tried = 0; found.size < count; tried++) {
    if (tried === maxTries)
      throw new SetUpError(`No free port was found on 127.0.0.1 between ${lowest} and ${beyond}.`);
    const port = randomInt(lowest, beyond);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
