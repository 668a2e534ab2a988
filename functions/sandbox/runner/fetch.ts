// How does the runner hand over chosen files?
import type { Answer } from "../protocol.ts";
import { readPathBytes } from "./path-list.ts";
import type { Operation } from "./serve.ts";
import { startTar } from "./tar.ts";

/** Exactly the named paths, links as links, and a file's content even where it is a hard link to another. */
const createArguments = [
  ..."--create --file=- --format=gnu --no-recursion --hard-dereference".split(" "),
  ..."--owner=0 --group=0 --numeric-owner --null --files-from=-".split(" "),
];
/** 1: a file changed while it was read. It comes in whatever state it was; its id tells. */
const tolerableExitCode = 1;

export async function sendFiles({ input, send, signal }: Operation, workspace: string): Promise<Answer> {
  // All of it before tar starts: tar writes while it reads, and the supervisor reads only once it has written.
  const paths = await readPathBytes(input);
  const tar = startTar(createArguments, workspace, signal);
  tar.stdin.end(paths);
  for await (const chunk of tar.stdout) await send(chunk as Buffer);
  return tar.ended(tolerableExitCode);
}
