// Which sandboxes are there, and what does ECS say of them? What it says may lag behind what is.
import type { SandboxState } from "../../../functions/core/cloud.ts";
import type { AgentId } from "../../../functions/core/ids.ts";

export interface Sandbox {
  sandboxArn: string;
  agentId: AgentId;
  token: string;
  launchedAt: number;
  /** Until then ECS does not list it. */
  visibleAt: number;
  state: "provisioning" | "running" | "stopping" | "stopped";
  stoppedAt: number | undefined;
  why: string;
}

/** ECS shows a stopped task for an hour at least; its client token guards for that long, too. */
export const forgottenAfterMs = 60 * 60_000;

export class EcsState {
  readonly sandboxes = new Map<string, Sandbox>();
  readonly byAgent = new Map<AgentId, Sandbox[]>();
  readonly #now: () => number;

  /** Launches that may be asked for now, as of `#filledAt`. */
  #launches = Number.POSITIVE_INFINITY;
  #filledAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** False: there were too many just now. */
  takeLaunch({ burst, perSecond }: { burst: number; perSecond: number }): boolean {
    const now = this.#now();
    this.#launches = Math.min(burst, this.#launches + ((now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    if (this.#launches < 1) return false;
    this.#launches -= 1;
    return true;
  }

  /** The sandbox that this client token already started, while ECS remembers the token. */
  replay(agentId: AgentId): Sandbox | undefined {
    return this.byAgent.get(agentId)?.find((sandbox) => !this.#isForgotten(sandbox));
  }

  add(agentId: AgentId, token: string, missingMs: number): Sandbox {
    const now = this.#now();
    const sandbox: Sandbox = {
      sandboxArn: `arn:sandbox/${this.sandboxes.size + 1}`,
      agentId,
      token,
      launchedAt: now,
      visibleAt: now + missingMs,
      state: "provisioning",
      stoppedAt: undefined,
      why: "",
    };
    this.sandboxes.set(sandbox.sandboxArn, sandbox);
    this.byAgent.set(agentId, [...(this.byAgent.get(agentId) ?? []), sandbox]);
    return sandbox;
  }

  liveOf(agentId: AgentId): Sandbox[] {
    return (this.byAgent.get(agentId) ?? []).filter(isAlive);
  }

  alive(): Sandbox[] {
    return [...this.sandboxes.values()].filter(isAlive);
  }

  describe(sandboxArn: string): SandboxState | undefined {
    const sandbox = this.sandboxes.get(sandboxArn);
    return sandbox && this.#isListed(sandbox) ? toState(sandbox) : undefined;
  }

  findByAgent(agentId: AgentId): SandboxState[] {
    return (this.byAgent.get(agentId) ?? []).filter((sandbox) => this.#isListed(sandbox)).map(toState);
  }

  /** Those that ECS wants to run: one that is being stopped is not among them. */
  listRunning(): SandboxState[] {
    const wanted = [...this.sandboxes.values()].filter(({ state }) => state === "provisioning" || state === "running");
    return wanted.filter((sandbox) => this.#isListed(sandbox)).map(toState);
  }

  #isListed(sandbox: Sandbox): boolean {
    return this.#now() >= sandbox.visibleAt && !this.#isForgotten(sandbox);
  }

  #isForgotten({ stoppedAt }: Sandbox): boolean {
    return stoppedAt !== undefined && this.#now() > stoppedAt + forgottenAfterMs;
  }
}

const isAlive = ({ state }: Sandbox) => state !== "stopped";

const toState = ({ sandboxArn, agentId, state, why }: Sandbox): SandboxState => ({
  sandboxArn,
  agentId,
  stopped: state === "stopped",
  ...(state === "stopped" ? { why } : {}),
});
