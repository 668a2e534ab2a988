// `npm run build`: is the dashboard built from what stands here? Built again only when its sources have changed, or when asked for.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const root = resolve(import.meta.dirname, "..");
export const dashboardDir = join(root, "clients/dashboard/dist");
const stampFile = join(dashboardDir, "built-from");

/** Everything that ends up in the files. */
function hashSources(): string {
  const sum = createHash("sha256");
  const sources = ["package-lock.json", ...globSync("clients/**/*.{ts,tsx,css,html,svg}", { cwd: root }).sort()];
  for (const path of sources) {
    if (!path.startsWith("clients/dashboard/dist/")) sum.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return sum.digest("hex");
}

/** In a process of its own: the builder is large, and the stack that waits for it goes on for weeks. */
export async function ensureDashboard(say: (line: string) => void): Promise<void> {
  const config = join(root, "clients/dashboard/vite.config.ts");
  // In the package the built files are all there is.
  if (!existsSync(config)) return;
  const wanted = hashSources();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
  say("building the dashboard (some seconds, once)");
  const vite = join(root, "node_modules/vite/bin/vite.js");
  await promisify(execFile)(process.execPath, [vite, "build", "--logLevel", "warn", "--config", config], {
    cwd: root,
    // Whoever starts this, a test for one, may have another in mind for itself.
    env: { ...process.env, NODE_ENV: "production" },
  });
  writeFileSync(stampFile, wanted);
}

if (import.meta.main) await ensureDashboard(console.log);
