// What must a restarted stack know again? Ports that running sandboxes were told, and the secrets that sign for them.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./atomic-file.ts";

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

/** Held all at once, so that they differ; another process may still take one before we listen on it. */
async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
