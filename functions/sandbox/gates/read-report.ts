// How does the report of a gate get out of the room, and when does it not count?
import { OutputLog } from "../output-log.ts";
import type { Workspace } from "../workspace.ts";
import type { ReportFile } from "./judge.ts";

const maxReportBytes = 20 * 1024 * 1024;
const lookLimitMs = 60_000;

/** Answers with the size of a plain file that lies where its path says, and not where a link on the way leads. */
const lookScript = `cd -- "$1" && [ -e "$2" -o -L "$2" ] || exit 3
[ -f "$2" ] && [ ! -L "$2" ] && [ "$(realpath -- "$2")" = "$(pwd -P)/$2" ] || exit 4
stat -c %s -- "$2"`;

/** All processes of the gate are gone by now, so what is seen is what is read. */
export async function readReport(
  line: Workspace,
  tree: string,
  path: string,
  signal: AbortSignal,
): Promise<ReportFile> {
  const log = new OutputLog();
  const argv = ["sh", "-c", lookScript, "sh", tree, path];
  const { exitCode } = await line.run({ argv, timeoutMs: lookLimitMs }, (_stream, chunk) => log.write(chunk), signal);
  if (exitCode === 3) return { kind: "absent", path };
  const size = Number(log.lastText(20));
  if (exitCode !== 0 || !Number.isSafeInteger(size)) {
    return { kind: "refused", path, why: "it is no plain file in the tree" };
  }
  if (size > maxReportBytes)
    return { kind: "refused", path, why: `it has ${size} bytes, and ${maxReportBytes} are read` };
  const place = `${tree}/${path}`;
  for await (const { mode, content } of line.fetch([{ path: place, mode: "100644", size, oid: "0".repeat(40) }])) {
    if (mode !== "120000") return { kind: "text", path, text: content.toString() };
  }
  return { kind: "refused", path, why: "it changed while it was read" };
}
