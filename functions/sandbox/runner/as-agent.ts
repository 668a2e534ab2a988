// How does a program run as the agent, where that is another user than this one?
import { statSync } from "node:fs";

/**
 * `asAgent` is util-linux's setpriv, owned by the agent and setuid and setgid: who runs it may become the agent without
 * any capability, and nobody else. What follows can never gain rights again, and ends with this process.
 */
export function agentCommand(asAgent: string, command: readonly string[]): string[] {
  const { uid, gid } = statSync(asAgent);
  return [
    ...[asAgent, "--reuid", String(uid), "--regid", String(gid), "--keep-groups"],
    ...["--no-new-privs", "--pdeathsig", "KILL", "--", ...command],
  ];
}
