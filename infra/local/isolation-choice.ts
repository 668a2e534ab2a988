// How are agents confined on this machine, and who keeps their limits? Decided once at the start, and said plainly.
import type { Isolation } from "../../functions/core/cloud.ts";
import type { ContainerLimits } from "./containers.ts";
import { installBubblewrap } from "./sandbox/install.ts";
import { probeIsolation } from "./sandbox/isolation.ts";
import { describeLimits, findKeepers, type Keepers, listMeasured, watchers } from "./sandbox/keepers.ts";

export interface IsolationChoice {
  isolation: Isolation;
  keepers: Keepers;
  /** What the limits are and who keeps them; empty where nothing is confined. */
  limitLines: string[];
}

interface Wish {
  allowUnconfined: boolean;
  limits: ContainerLimits;
}

/** `allowUnconfined` counts only where confinement is impossible: nobody loses a wall by leaving a flag in a script. */
export async function chooseIsolation(wish: Wish, say: (line: string) => void): Promise<IsolationChoice> {
  const installed = await installBubblewrap();
  if (installed.kind === "installed") say("bubblewrap was installed");
  const probe = await probeIsolation();
  if (probe.kind === "confined") {
    const keepers = await findKeepers();
    const limitLines = describeLimits(keepers, wish.limits);
    for (const line of limitLines) say(`limit of a sandbox: ${line}`);
    const measured = listMeasured(keepers);
    return { isolation: { kind: "confined", ...(measured.length && { measured }) }, keepers, limitLines };
  }
  const nothing = { keepers: watchers, limitLines: [] };
  if (!wish.allowUnconfined) {
    say(`WARNING: agents cannot be confined here, so tasks will be refused: ${probe.cause} ${probe.remedy}`);
    return { isolation: { kind: "impossible", cause: probe.cause, remedy: probe.remedy }, ...nothing };
  }
  say(
    `WARNING: agents run UNCONFINED and without limits, with all the rights of this user: ${probe.cause} ${probe.remedy}`,
  );
  return { isolation: { kind: "unconfined" }, ...nothing };
}
