// Where does drover answer, and with which key? Told by options, by the environment, or by the stack that runs on this machine.
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CliError, exitCodes } from "./exit-codes.ts";

export interface Place {
  url: string;
  apiKey: string;
  /** For messages: what named the address, and what the key. */
  urlFrom: string;
  keyFrom: string;
}

export interface PlaceOptions {
  url?: string | undefined;
  keyFile?: string | undefined;
}

const start = "Start drover with: drover up";

/** Throws CliError with what is missing. */
export function findPlace({ url, keyFile }: PlaceOptions, env: NodeJS.ProcessEnv, cwd: string): Place {
  const local = findLocalStack(cwd);
  const address = url
    ? { url, from: "--url" }
    : env.DROVER_URL
      ? { url: env.DROVER_URL, from: "DROVER_URL" }
      : local && { url: local.url, from: join(local.dir, "url") };
  if (!address) {
    const message = `No drover is known here: there is no .drover/ in ${cwd} or above it. ${start} (or name one: --url, DROVER_URL)`;
    throw new CliError(message, exitCodes.unreachable);
  }
  const where = parseAddress(address.url, address.from);
  const key = keyFile
    ? { apiKey: readKeyFile(keyFile), from: keyFile }
    : env.DROVER_API_KEY
      ? { apiKey: env.DROVER_API_KEY.trim(), from: "DROVER_API_KEY" }
      : localKey(local, where);
  if (!key) {
    const message = `No API key is known for ${where.origin}. Name one: --key-file FILE, or DROVER_API_KEY in the environment`;
    throw new CliError(message, exitCodes.unreachable);
  }
  return { url: where.href.replace(/\/+$/, ""), apiKey: key.apiKey, urlFrom: address.from, keyFrom: key.from };
}

function parseAddress(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new CliError(`${from} names ${text}, which is not an address. Name one like http://127.0.0.1:8787`);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new CliError(`The key cannot be read from ${file}: ${(error as Error).message}`);
  }
}

interface LocalStack {
  dir: string;
  url: string;
}

/** The nearest `.drover/` with an address, here or above, that belongs to whoever asks: nobody else's may say where to send work. */
function findLocalStack(cwd: string): LocalStack | undefined {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const dir = join(at, ".drover");
    const url = isOwn(dir) ? readIfThere(join(dir, "url")) : undefined;
    if (url && isLoopback(url)) return { dir, url };
    if (dirname(at) === at) return undefined;
  }
}

/** The local key goes to the local machine only, whatever address was named. */
function localKey(local: LocalStack | undefined, { href }: URL): { apiKey: string; from: string } | undefined {
  if (!local || !isLoopback(href)) return undefined;
  const from = join(local.dir, "api-key");
  const apiKey = readIfThere(from);
  return apiKey === undefined ? undefined : { apiKey, from };
}

function isOwn(dir: string): boolean {
  const found = statSync(dir, { throwIfNoEntry: false });
  return found !== undefined && (process.getuid === undefined || found.uid === process.getuid());
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

const isLoopback = (url: string) =>
  URL.canParse(url) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
