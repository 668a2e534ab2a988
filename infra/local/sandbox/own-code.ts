// Where does drover's own code lie on this machine: TypeScript in a checkout, JavaScript in a package?
import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What `functions/…` and `infra/…` stand in. */
export const codeFolder = resolve(import.meta.dirname, "../../..");
const isPackage = extname(import.meta.filename) === ".js";

/** A package brings the programs of a sandbox along; a checkout makes them of these. */
const made = "sandbox";
export const programParts = isPackage
  ? [made]
  : ["functions/sandbox", "functions/core", "functions/git", "package-lock.json"];

/** Of the code in `checkout` into `folder`: in a process of its own, since the bundler takes more memory than drover. */
export async function placePrograms(checkout: string, folder: string): Promise<void> {
  if (isPackage) return cp(join(checkout, made), folder, { recursive: true });
  const bundler = join(codeFolder, "functions/sandbox/image/bundle.mjs");
  await run(process.execPath, [bundler, checkout, folder]).catch((error: { stderr?: string }) => {
    throw new Error(`its programs cannot be bundled; was "npm ci" run without --omit=dev? ${error.stderr}`);
  });
}
