// The stack that is to be killed. It kills itself, at the very moment that it was told: nothing from outside is as exact.
import { startLocal } from "../../stacks/local.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { sharedImageDir } from "../support/image-dir.ts";
import type { Moment } from "./hops.ts";

const [dataDir = "", port = "0", fate = "null"] = process.argv.slice(2);
/** `nth`: how often the moment comes before the kill. */
const doom = JSON.parse(fate) as { moment: Moment; nth: number; delayMs: number } | null;
let left = doom?.nth ?? 0;

function strike(): void {
  left -= 1;
  if (left > 0) return;
  const die = () => process.kill(process.pid, "SIGKILL");
  if (doom?.delayMs) setTimeout(die, doom.delayMs);
  else die();
}

const stack = await startLocal({
  dataDir,
  port: Number(port),
  imageDir: sharedImageDir,
  async interpose(service, url) {
    if (!doom || doom.moment.service !== service) return url;
    const { operation, text, when } = doom.moment;
    const proxy = await startFaultProxy(url);
    const isIt = (body: unknown) => JSON.stringify(body).includes(text);
    proxy.on({
      operation,
      match(body) {
        if (when === "before" && isIt(body)) strike();
        return when === "after" && isIt(body);
      },
      do: { kind: "after_effect", act: strike },
    });
    return proxy.url;
  },
});
console.log(JSON.stringify({ url: stack.url, apiKey: stack.apiKey }));
process.once("SIGTERM", () => void stack.closeAndKill().then(() => process.exit(0)));
