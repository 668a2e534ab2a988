// Which gates must an agent's work pass?
import * as z from "zod";
import type { AgentType } from "./models.ts";

export const builtInGates = ["typecheck", "lint", "test", "coverage", "build", "integration", "ai_review"] as const;
export type BuiltInGate = (typeof builtInGates)[number];

/** `pre_commit` is quick and looks at the code alone; `pre_push` runs or reads the whole. */
export const gatePhases = ["pre_commit", "pre_push"] as const;
export type GatePhase = (typeof gatePhases)[number];

/** Verdicts of drover's own, which stand before every gate: nobody chooses or configures them. */
export const ownGates = ["tampering", "setup"] as const;

const preCommit: readonly string[] = [...ownGates, "typecheck", "lint", "test"];

/** A custom gate counts as pre-push: nothing is known of what it takes. */
export function phaseOf(gate: string): GatePhase {
  return preCommit.includes(gate) ? "pre_commit" : "pre_push";
}

export const gateProfiles = ["strict", "standard", "minimal", "none", "custom"] as const;
export type GateProfile = (typeof gateProfiles)[number];

const gatesOfProfile = {
  strict: builtInGates,
  standard: ["typecheck", "lint", "test", "coverage"],
  minimal: ["test"],
  none: [],
} as const satisfies Record<Exclude<GateProfile, "custom">, readonly BuiltInGate[]>;

/** A command (a codemod, `npm audit fix`) is chosen word for word by whoever asks, so it has gates only when asked for. */
const profileOfAgent = {
  reviewer: "strict",
  worker: "standard",
  tester: "minimal",
  command: "none",
} as const satisfies Record<AgentType | "command", GateProfile>;

/** What a request says of gates. Words only: `resolveGates` says what is wrong with them. */
export const gateSelection = z.strictObject({
  profile: z.string().max(40).optional(),
  /** For the profile `custom`, which need not be named then. */
  gates: z.array(z.string().max(100)).max(40).optional(),
});
export type GateSelection = z.output<typeof gateSelection>;

export type ResolvedGates =
  | { kind: "resolved"; profile: GateProfile; gates: string[]; chosenBy: "request" | "agent_type" }
  /** `why` is for the one who asked. */
  | { kind: "refused"; why: string };

/** Also the connections that a gates container opens: each carries one gate at a time. */
export const maxGatesAtOnce = 8;

const gateName = /^[a-z][a-z0-9_-]{0,31}$/;
const maxGates = 16;

/** Without a selection the type of the agent decides. */
export function resolveGates(selection: GateSelection | undefined, agentType: AgentType | "command"): ResolvedGates {
  const { profile, gates } = selection ?? {};
  if (profile === undefined && gates === undefined) {
    const usual = profileOfAgent[agentType];
    return { kind: "resolved", profile: usual, gates: [...gatesOfProfile[usual]], chosenBy: "agent_type" };
  }
  const name = profile ?? "custom";
  if (!isProfile(name)) {
    return refuse(`There is no gate profile ${JSON.stringify(name)}. Choose ${listWords(gateProfiles)}.`);
  }
  if (name === "custom") {
    const why = whyBadList(gates ?? []);
    return why ? refuse(why) : { kind: "resolved", profile: name, gates: [...(gates ?? [])], chosenBy: "request" };
  }
  if (gates !== undefined) {
    return refuse(
      `The profile "${name}" has its own gates, so it cannot be given with a list. Leave out "gates", or choose the profile "custom".`,
    );
  }
  return { kind: "resolved", profile: name, gates: [...gatesOfProfile[name]], chosenBy: "request" };
}

export const isGateName = (name: string): boolean =>
  gateName.test(name) && !(ownGates as readonly string[]).includes(name);

function whyBadList(gates: readonly string[]): string | undefined {
  if (gates.length === 0) {
    return 'The profile "custom" needs a list of gates. Name at least one, or choose the profile "none" to go without.';
  }
  if (gates.length > maxGates) return `There are ${gates.length} gates in the list; at most ${maxGates} can run.`;
  const bad = gates.find((gate) => !isGateName(gate));
  if (bad !== undefined) {
    return (
      `${JSON.stringify(bad)} cannot be a gate. Choose from ${listWords(builtInGates)}, or name a gate of the ` +
      "repository's drover.yaml: a lower-case letter, then up to 31 lower-case letters, digits, _ or -."
    );
  }
  const twice = gates.find((gate, at) => gates.indexOf(gate) < at);
  return twice === undefined ? undefined : `The gate "${twice}" is named twice.`;
}

function isProfile(name: string): name is GateProfile {
  return (gateProfiles as readonly string[]).includes(name);
}

const refuse = (why: string): ResolvedGates => ({ kind: "refused", why });

const listWords = (words: readonly string[]) => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
