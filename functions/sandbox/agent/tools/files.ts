// How does the supervisor read and write one file of the workspace without ever opening its path?
import { isUtf8 } from "node:buffer";
import { isAbsolute, posix } from "node:path";
import type { TreeFile } from "../../../git/tree.ts";
import type { Workspace } from "../../workspace.ts";

const maxEditBytes = 2 * 1024 * 1024;

/** `path` is relative to the workspace, with links resolved. */
export type Found =
  | { kind: "file"; path: string; mode: TreeFile["mode"]; text: string }
  | { kind: "missing"; path: string }
  | { kind: "directory"; path: string }
  | { kind: "unusable"; why: string };

export interface Files {
  /** The workspace as the agent's own programs see it. */
  readonly root: string;
  find(path: string): Promise<Found>;
  /** For programs that take a path: where it really is, or why that is none of the agent's business. */
  place(path: string): Promise<{ kind: "at"; path: string } | { kind: "unusable"; why: string }>;
  write(path: string, mode: TreeFile["mode"], text: string): Promise<void>;
}

const stepMs = 30_000;
const exitCodes = { missing: 41, outside: 42, directory: 43, special: 44, unreadable: 45 } as const;

/** `$1` is the path, `$2` how many bytes are wanted. The real path goes to stderr, behind the mode. */
const lookScript = `
root=$(pwd -P)
real=$(realpath -m -- "$1") || exit ${exitCodes.special}
case $real in "$root" | "$root"/*) ;; *) exit ${exitCodes.outside} ;; esac
[ -x "$real" ] && mode=100755 || mode=100644
printf '%s %s' "$mode" "\${real#"$root"}" >&2
[ -e "$real" ] || exit ${exitCodes.missing}
[ -d "$real" ] && exit ${exitCodes.directory}
[ -f "$real" ] || exit ${exitCodes.special}
[ -r "$real" ] || exit ${exitCodes.unreadable}
exec head -c "$2" -- "$real"
`;

export async function openFiles(workspace: Workspace): Promise<Files> {
  const root = (await collect(workspace, ["pwd", "-P"])).stdout.toString().trimEnd();

  /** By its name alone. */
  function locate(path: string): string | undefined {
    const full = isAbsolute(path) ? posix.normalize(path) : posix.join(root, path);
    if (full === root || full === `${root}/`) return ".";
    return full.startsWith(`${root}/`) ? full.slice(root.length + 1).replace(/\/$/, "") : undefined;
  }

  async function look(path: string, wantedBytes: number): Promise<Found> {
    const place = locate(path);
    if (place === undefined) return { kind: "unusable", why: `${path} lies outside of the repository, ${root}` };
    const argv = ["sh", "-c", lookScript, "sh", place, String(wantedBytes)];
    const { exitCode, stdout, stderr } = await collect(workspace, argv);
    const [mode, ...rest] = stderr.toString().split(" ");
    const real = rest.join(" ").replace(/^\//, "") || ".";
    switch (exitCode) {
      case 0:
        return readFound(real, mode === "100755" ? "100755" : "100644", stdout);
      case exitCodes.missing:
        return { kind: "missing", path: real };
      case exitCodes.directory:
        return { kind: "directory", path: real };
      case exitCodes.outside:
        return { kind: "unusable", why: `${path} is a link that leads out of the repository` };
      case exitCodes.unreadable:
        return { kind: "unusable", why: `${path} may not be read` };
      default:
        return { kind: "unusable", why: `${path} is no ordinary file` };
    }
  }

  return {
    root,
    find: (path) => look(path, maxEditBytes + 1),
    async place(path) {
      const found = await look(path, 0);
      return found.kind === "unusable" ? found : { kind: "at", path: found.path };
    },
    write: (path, mode, text) => workspace.unpack(one({ path, mode, content: Buffer.from(text) })),
  };
}

function readFound(path: string, mode: TreeFile["mode"], content: Buffer): Found {
  if (content.length > maxEditBytes) {
    return { kind: "unusable", why: `${path} is larger than ${maxEditBytes} bytes; use bash for it` };
  }
  if (content.includes(0) || !isUtf8(content)) return { kind: "unusable", why: `${path} is not text in UTF-8` };
  return { kind: "file", path, mode, text: content.toString() };
}

async function* one(file: TreeFile): AsyncGenerator<TreeFile> {
  yield file;
}

/** Runs a small program of ours in the workspace. What it prints is bounded by the program itself. */
export async function collect(workspace: Workspace, argv: string[], timeoutMs = stepMs) {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const result = await workspace.run({ argv, timeoutMs }, (stream, chunk) => chunks[stream].push(Buffer.from(chunk)));
  return { ...result, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
}
