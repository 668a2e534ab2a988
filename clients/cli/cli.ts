// What does every command need? The API with the caller's key, and whether a person or a program reads the answer.
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { ask, type Drover, openDrover } from "../client.ts";
import { findPlace, type Place } from "./connect.ts";
import { CliError, exitCodes } from "./exit-codes.ts";

interface GlobalOptions {
  url?: string;
  keyFile?: string;
  workspace?: string;
  json?: true;
}

export interface Cli extends Drover {
  place: Place;
  json: boolean;
  /** The one that was named, or that of the key. */
  workspace(): Promise<string>;
  /** As a query parameter: only a super admin may name another, so it is left out unless asked for. */
  namedWorkspace: { workspace?: string };
}

export function openCli(command: CommandUnknownOpts): Cli {
  const { url, keyFile, workspace, json } = command.optsWithGlobals() as GlobalOptions;
  const place = findPlace({ url, keyFile }, process.env, process.cwd());
  const drover = openDrover({
    url: place.url,
    apiKey: place.apiKey,
    fetch: (input, init) => reach(place, input, init),
  });
  return {
    ...drover,
    place,
    json: json ?? false,
    namedWorkspace: workspace === undefined ? {} : { workspace },
    workspace: async () => workspace ?? (await ask(drover.api.GET("/api/session"))).workspace,
  };
}

/** A task is made in the workspace of its key, whichever is named: said before it is made elsewhere than was meant. */
export async function requireOwnWorkspace({ api, namedWorkspace }: Cli): Promise<void> {
  const { workspace } = namedWorkspace;
  if (workspace === undefined) return;
  const session = await ask(api.GET("/api/session"));
  if (session.workspace === workspace) return;
  throw new CliError(
    `A key makes tasks in its own workspace, and this one's is ${session.workspace}. Use a key of ${workspace}: drover keys create NAME --workspace ${workspace}`,
  );
}

/** Of an address nobody answers at, fetch says only that it failed. */
async function reach(place: Place, ...request: Parameters<typeof fetch>): Promise<Response> {
  try {
    return await fetch(...request);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError(describeSilence(place, error), exitCodes.unreachable);
  }
}

export function describeSilence({ url, urlFrom }: Place, error: Error): string {
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  const isHere = /\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${url}/`);
  const remedy = isHere ? "Start it with: drover up" : "Is the address right, and the network up?";
  return `Nobody answers at ${url} (from ${urlFrom}): ${cause?.code ?? cause?.message ?? error.message}. ${remedy}`;
}
