// Where may agents and gates on this machine go? To the package registry that npm uses here, and to what the user adds.
import { execFile } from "node:child_process";
import { lookup } from "node:dns/promises";
import { promisify } from "node:util";
import { isPublicAddress } from "../../functions/core/addresses.ts";
import { hostEtcDirectories } from "./sandbox/etc.ts";

const run = promisify(execFile);
const publicRegistry = "registry.npmjs.org";

/** What the supervisor is told, as variables of its container. */
export interface EgressSettings extends Record<string, string> {
  /** Comma-separated `host` or `host:port`. */
  DROVER_EGRESS_ALLOW: string;
  /** The same, for targets that may have a private address: a company's own registry, say. */
  DROVER_EGRESS_ALLOW_PRIVATE: string;
  /** The same two for the gates: what an agent may reach is not meant for them as well. */
  DROVER_GATES_EGRESS_ALLOW: string;
  DROVER_GATES_EGRESS_ALLOW_PRIVATE: string;
  DROVER_EGRESS_UPLOAD_MB: string;
  /** JSON: variables for the agent's commands. */
  DROVER_COMMAND_ENVIRONMENT: string;
}

/** The variables of the same names in this process (but the commands') are the user's additions. */
export async function readEgressSettings(): Promise<EgressSettings> {
  const npm = await readNpmConfig();
  const isPublic = URL.parse(npm.registry ?? "")?.hostname === publicRegistry;
  const registry = openRegistry(npm.registry, isPublic && (await leadsInside(publicRegistry)));
  const withRegistry = (name: string, targets: string[]) =>
    [...targets, ...(process.env[name] ?? "").split(",").filter(Boolean)].join();
  return {
    DROVER_EGRESS_ALLOW: withRegistry("DROVER_EGRESS_ALLOW", registry.allow),
    DROVER_EGRESS_ALLOW_PRIVATE: withRegistry("DROVER_EGRESS_ALLOW_PRIVATE", registry.allowPrivate),
    DROVER_GATES_EGRESS_ALLOW: withRegistry("DROVER_GATES_EGRESS_ALLOW", registry.allow),
    DROVER_GATES_EGRESS_ALLOW_PRIVATE: withRegistry("DROVER_GATES_EGRESS_ALLOW_PRIVATE", registry.allowPrivate),
    // Packages are fetched with few bytes; whoever needs to send more knows it.
    DROVER_EGRESS_UPLOAD_MB: process.env.DROVER_EGRESS_UPLOAD_MB ?? "64",
    DROVER_COMMAND_ENVIRONMENT: JSON.stringify({
      ...(npm.registry ? { npm_config_registry: npm.registry } : {}),
      ...(isVisibleInside(npm.cafile) ? { npm_config_cafile: npm.cafile } : {}),
      ...certificateVariables(),
      npm_config_update_notifier: "false",
    }),
  };
}

/**
 * npm's own registry is public, and has to stay so; one that whoever set up this machine chose may be inside a company's
 * network. So may npm's own where its name led there before any agent ran: to a mirror of the company's.
 */
export function openRegistry(
  url: string | undefined,
  isMirrored: boolean,
): { allow: string[]; allowPrivate: string[] } {
  const registry = URL.parse(url ?? "");
  if (!registry?.hostname) return { allow: [], allowPrivate: [] };
  const target = `${registry.hostname}:${registry.port || (registry.protocol === "http:" ? "80" : "443")}`;
  return registry.hostname === publicRegistry && !isMirrored
    ? { allow: [target], allowPrivate: [] }
    : { allow: [], allowPrivate: [target] };
}

/** Where nobody answers, nothing is opened. */
async function leadsInside(name: string): Promise<boolean> {
  const addresses = await lookup(name, { all: true }).catch(() => []);
  return addresses.some(({ address }) => !isPublicAddress(address));
}

/** Without npm there is no registry to allow; agents then reach only what the user names. */
async function readNpmConfig(): Promise<{ registry?: string; cafile?: string }> {
  const { npm_execpath: npm } = process.env;
  const [program, ...first] = npm ? [process.execPath, npm] : ["npm"];
  try {
    const { stdout } = await run(program ?? "npm", [...first, "config", "get", "registry", "cafile"]);
    const values = stdout.split("\n").map((line) => /^(registry|cafile)=(.+)$/.exec(line));
    return Object.fromEntries(values.flatMap((match) => (match && match[2] !== "null" ? [[match[1], match[2]]] : [])));
  } catch (error) {
    console.warn("npm did not tell its registry, so agents cannot install packages", error);
    return {};
  }
}

function certificateVariables(): Record<string, string> {
  const names = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];
  const visible = names
    .map((name) => [name, process.env[name] ?? ""] as const)
    .filter(([, path]) => isVisibleInside(path));
  return Object.fromEntries(visible);
}

/** A confined command sees this machine's public certificates, and no other file outside /usr. */
const isVisibleInside = (path: string | undefined) =>
  path !== undefined && [...hostEtcDirectories, "/usr"].some((dir) => path === dir || path.startsWith(`${dir}/`));
