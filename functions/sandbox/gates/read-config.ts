// What does the base commit say about its gates?
import { listTree, type TreeEntry } from "../../git/list-tree.ts";
import { type Repository, readBlob } from "../../git/objects.ts";
import { configPath, type DroverConfig, emptyConfig, maxConfigBytes, parseConfig } from "./config.ts";
import { findLockfile, type Project, readProject } from "./project.ts";

export type Base =
  | { kind: "base"; config: DroverConfig; project: Project | undefined }
  | { kind: "invalid"; why: string };

const maxManifestBytes = 1024 * 1024;
/** Only the head of a lockfile tells something: who wrote it. */
const lockfileHeadBytes = 4096;

/** Also for what drover.yaml says beside the gates, such as `secrets`. */
export async function readBase(repository: Repository, base: string): Promise<Base> {
  const entries = new Map((await listTree(repository, base)).map((entry) => [entry.path, entry]));
  const read = async (path: string, maxBytes: number) => readText(repository, entries.get(path), maxBytes);
  if (entries.get(configPath)?.mode === "120000") {
    return { kind: "invalid", why: `${configPath} of the base branch is a symbolic link; make it a file.` };
  }
  const text = await read(configPath, maxConfigBytes + 1);
  const parsed = text === undefined ? { kind: "config" as const, config: emptyConfig } : parseConfig(text);
  if (parsed.kind === "invalid") return parsed;
  const paths = new Set(entries.keys());
  const manifest = await read("package.json", maxManifestBytes);
  if (manifest === undefined) return { kind: "base", config: parsed.config, project: undefined };
  const name = findLockfile(paths);
  const lockfile = name && { name, text: (await read(name, lockfileHeadBytes)) ?? "" };
  const tsconfig = await read("tsconfig.json", maxManifestBytes);
  const project = readProject({ paths, manifest, lockfile, tsconfig });
  if (project) return { kind: "base", config: parsed.config, project };
  return {
    kind: "invalid",
    why: "package.json of the base branch is not a JSON object, so its scripts cannot be found.",
  };
}

async function readText(repository: Repository, entry: TreeEntry | undefined, maxBytes: number) {
  if (!entry || (entry.mode !== "100644" && entry.mode !== "100755")) return undefined;
  return (await readBlob(repository, entry.oid)).subarray(0, maxBytes).toString();
}
