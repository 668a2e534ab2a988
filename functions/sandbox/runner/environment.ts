// What is the runner told by its environment, and what of it do commands get to see?
import { randomUUID } from "node:crypto";

export interface RunnerSettings {
  socketFolder: string;
  workspace: string;
  /** Connections to the supervisor; each serves one operation at a time. */
  lineCount: number;
  /** In a pid namespace of its own, where every other process is the agent's. */
  confined: boolean;
  /** Where commands have a uid of their own: the program that runs another one under it. It belongs to that uid. */
  asAgent: string | undefined;
  /** Started by a runner that has another uid: the lines are open already, and whether there is a relay is known. */
  hand: { relayUp: boolean } | undefined;
  relayPort: number;
  /** So many at most run as the agent, threads counted, where it has a uid of its own. */
  processes: number;
  /** Tells this runner's commands from everything else on the machine, where it has no namespace of its own. */
  mark: string;
}

/** In the sandbox's own network namespace, where it has one; nothing outside can reach it. */
const usualRelayPort = 3128;
const usualProcesses = 2_048;
export const markName = "RUNNER_MARK";

const passedOn = ["PATH", "HOME", "LANG", "TMPDIR"];

export function readSettings(environment: NodeJS.ProcessEnv): RunnerSettings {
  return {
    socketFolder: environment.DROVER_SOCKETS ?? "/run/drover",
    workspace: environment.DROVER_WORKSPACE ?? "/workspace",
    lineCount: Number(environment.DROVER_LINES ?? 1),
    confined: environment.DROVER_CONFINED === "1",
    asAgent: environment.DROVER_AS_AGENT,
    hand: readHand(environment.DROVER_HAND),
    relayPort: Number(environment.DROVER_RELAY_PORT ?? usualRelayPort),
    processes: Number(environment.DROVER_PROCESSES ?? usualProcesses),
    mark: randomUUID(),
  };
}

const readHand = (given: string | undefined) => (given === undefined ? undefined : { relayUp: given === "relay" });

/** For the process that does what touches the agent's files. It gets what a command may see, and its settings. */
export function handEnvironment(own: NodeJS.ProcessEnv, settings: RunnerSettings & { relayUp: boolean }) {
  return {
    ...passOn(own),
    DROVER_WORKSPACE: settings.workspace,
    DROVER_LINES: String(settings.lineCount),
    DROVER_CONFINED: settings.confined ? "1" : "0",
    DROVER_RELAY_PORT: String(settings.relayPort),
    DROVER_HAND: settings.relayUp ? "relay" : "direct",
  };
}

const passOn = (own: NodeJS.ProcessEnv) =>
  Object.fromEntries(passedOn.flatMap((name) => (own[name] ? [[name, own[name]]] : [])));

export function buildEnvironment(
  own: NodeJS.ProcessEnv,
  wanted: Readonly<Record<string, string>>,
  options: { relayUp: boolean; relayPort: number; mark: string | undefined },
): NodeJS.ProcessEnv {
  return {
    ...passOn(own),
    ...(options.relayUp && proxyVariables(options.relayPort)),
    ...wanted,
    // It must survive what the command wants.
    ...(options.mark !== undefined && { [markName]: options.mark }),
  };
}

/** There is no one spelling that all programs read. */
function proxyVariables(port: number): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`;
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
