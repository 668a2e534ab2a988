// What is the runner told by its environment, and what of it do commands get to see?
import { randomUUID } from "node:crypto";

export interface RunnerSettings {
  socketFolder: string;
  workspace: string;
  /** Connections to the supervisor; each serves one operation at a time. */
  lineCount: number;
  /** In a pid namespace of its own, where every other process is the agent's. */
  confined: boolean;
  /** Tells this runner's commands from everything else on the machine, where it has no namespace of its own. */
  mark: string;
}

/** The port inside the sandbox's own network namespace; nothing outside can reach it. */
export const relayPort = 3128;
export const markName = "RUNNER_MARK";

const passedOn = ["PATH", "HOME", "LANG", "TMPDIR"];

export function readSettings(environment: NodeJS.ProcessEnv): RunnerSettings {
  return {
    socketFolder: environment.DROVER_SOCKETS ?? "/run/drover",
    workspace: environment.DROVER_WORKSPACE ?? "/workspace",
    lineCount: Number(environment.DROVER_LINES ?? 1),
    confined: environment.DROVER_CONFINED === "1",
    mark: randomUUID(),
  };
}

export function buildEnvironment(
  own: NodeJS.ProcessEnv,
  wanted: Readonly<Record<string, string>>,
  options: { relayUp: boolean; mark: string | undefined },
): NodeJS.ProcessEnv {
  const passed = Object.fromEntries(passedOn.flatMap((name) => (own[name] ? [[name, own[name]]] : [])));
  return {
    ...passed,
    ...(options.relayUp && proxyVariables()),
    ...wanted,
    // It must survive what the command wants.
    ...(options.mark !== undefined && { [markName]: options.mark }),
  };
}

/** There is no one spelling that all programs read. */
function proxyVariables(): Record<string, string> {
  const proxy = `http://127.0.0.1:${relayPort}`;
  const direct = "localhost,127.0.0.1";
  return {
    http_proxy: proxy,
    https_proxy: proxy,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    no_proxy: direct,
    NO_PROXY: direct,
    npm_config_proxy: proxy,
    npm_config_https_proxy: proxy,
    npm_config_noproxy: direct,
    // Node's own fetch and http read the variables above only when told to.
    NODE_USE_ENV_PROXY: "1",
  };
}
