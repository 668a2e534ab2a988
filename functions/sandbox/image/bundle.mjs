// What of the sandbox's code runs? Three programs, each with all that it imports in a few files: Node loads these in a
// third of the time that their hundreds of modules take. What a command does not need is loaded later, as in the sources.
import { resolve } from "node:path";
import { rolldown } from "rolldown";

const [, , checkout = "", folder] = process.argv;
const bundle = await rolldown({
  cwd: resolve(checkout),
  input: {
    supervisor: "functions/sandbox/supervisor.ts",
    runner: "functions/sandbox/runner.ts",
    "scan-process": "functions/sandbox/secrets/scan-process.ts",
  },
  platform: "node",
});
// All in one folder: there a program finds the other one beside it, as its source does.
await bundle.write({ dir: folder, format: "esm", chunkFileNames: "[name]-[hash].js" });
await bundle.close();
