// Which benches are there? In the order of the page; each is loaded by the process that runs it.
import type { Bench } from "./bench.ts";

export const benches: Record<string, () => Promise<{ bench: Bench }>> = {
  requests: () => import("./requests.ts"),
  kill: () => import("./kill.ts"),
  start: () => import("./start.ts"),
  imports: () => import("./imports.ts"),
  lifecycles: () => import("./lifecycles.ts"),
  backlog: () => import("./backlog.ts"),
  memory: () => import("./memory.ts"),
  "fan-out": () => import("./fan-out.ts"),
  simulation: () => import("./simulation.ts"),
  audit: () => import("./audit.ts"),
  "secret-scan": () => import("./secret-scan.ts"),
  clones: () => import("./clones.ts"),
};
