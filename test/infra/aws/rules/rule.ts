// How is a rule about a stage written down? With what would break it, so that the rule is known to notice.
import type { Graph } from "../../../../scripts/synth/graph.ts";

export interface Rule {
  rule: string;
  /** Throws when it does not hold. */
  check(graph: Graph, stage: StageKind): void | Promise<void>;
  /** Changes a graph for which it holds into one for which it must not. */
  breakIt(graph: Graph): void;
}

export type StageKind = "production" | "preview";
