// How are agents confined on this machine? Decided once at the start, and said plainly.
import type { Isolation } from "../../functions/core/cloud.ts";
import { installBubblewrap } from "./sandbox/install.ts";
import { probeIsolation } from "./sandbox/isolation.ts";

/** `allowUnconfined` counts only where confinement is impossible: nobody loses a wall by leaving a flag in a script. */
export async function chooseIsolation(allowUnconfined: boolean, say: (line: string) => void): Promise<Isolation> {
  const installed = await installBubblewrap();
  if (installed.kind === "installed") say("bubblewrap was installed");
  const probe = await probeIsolation();
  if (probe.kind === "confined") return { kind: "confined" };
  if (!allowUnconfined) {
    say(`WARNING: agents cannot be confined here, so tasks will be refused: ${probe.cause}. ${probe.remedy}`);
    return { kind: "impossible", cause: probe.cause, remedy: probe.remedy };
  }
  say(`WARNING: agents run UNCONFINED, with all the rights of this user: ${probe.cause}. ${probe.remedy}`);
  return { kind: "unconfined" };
}
