// A whole local stack in a process of its own, for stories that kill it. Prints one line of JSON when it is up. Whoever has
// a channel to it may ask what it holds: it answers the MB of its heap that are in use after a collection.
import { startLocal } from "../../stacks/local.ts";
import { sharedImageDir } from "./image-dir.ts";

const [dataDir = "", port = "0", dashboardDir] = process.argv.slice(2);
const stack = await startLocal({
  dataDir,
  port: Number(port),
  imageDir: sharedImageDir,
  ...(dashboardDir ? { dashboardDir } : {}),
  say: (line) => console.error(line),
});
const intakeUrl = process.env.DROVER_INTAKE_QUEUE_URL;
console.log(JSON.stringify({ url: stack.url, apiKey: stack.apiKey, intakeUrl }));
process.on("message", () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed / 2 ** 20);
});
process.once("SIGTERM", () => void stack.closeAndKill().then(() => process.exit(0)));
