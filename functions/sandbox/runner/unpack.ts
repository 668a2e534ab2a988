// How does the runner write a tree of files into the workspace?
import type { Answer } from "../protocol.ts";
import type { Operation } from "./serve.ts";
import { startTar } from "./tar.ts";

/** Modes as given whatever the umask, owned by whoever runs this, and dated now: git's trees know no times. */
const extractArguments = ["--extract", "--file=-", "--preserve-permissions", "--no-same-owner", "--touch"];

export async function unpackTar({ input, signal }: Operation, workspace: string): Promise<Answer> {
  const tar = startTar(extractArguments, workspace, signal);
  input.pipe(tar.stdin);
  // A pipe whose reader has gone stops for good, and the supervisor would wait with it.
  tar.stdin.once("close", () => {
    input.unpipe();
    input.resume();
  });
  tar.stdout.resume();
  return tar.ended(0);
}
