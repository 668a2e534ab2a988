// How does git write a directory down? Names are bytes, not text, so that a name we cannot read survives a commit.

/** `name` holds one byte of the name per character (latin1). `mode` is as stored: `40000`, `100644`, sometimes `100664`. */
export interface RawEntry {
  name: string;
  mode: string;
  oid: string;
}

type DirectoryEntry = RawEntry & { mode: "40000" | "040000" };
type SubmoduleEntry = RawEntry & { mode: "160000" };

const oidBytes = 20;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function parseTreeObject(object: Buffer): RawEntry[] {
  const entries: RawEntry[] = [];
  for (let at = 0; at < object.length; ) {
    const space = object.indexOf(0x20, at);
    const end = object.indexOf(0, space);
    if (space < 0 || end < 0 || end + 1 + oidBytes > object.length) throw new Error("A tree object is cut short.");
    entries.push({
      mode: object.toString("latin1", at, space),
      name: object.toString("latin1", space + 1, end),
      oid: object.toString("hex", end + 1, end + 1 + oidBytes),
    });
    at = end + 1 + oidBytes;
  }
  return entries;
}

export function renderTreeObject(entries: Iterable<RawEntry>): Buffer {
  const parts = [...entries].sort(compareEntries).flatMap(({ mode, name, oid }) => {
    return [Buffer.from(`${mode} ${name}\0`, "latin1"), Buffer.from(oid, "hex")];
  });
  return Buffer.concat(parts);
}

/** Git's order: by bytes, a directory as if its name ended with a slash. */
export function compareEntries(a: RawEntry, b: RawEntry): number {
  const left = sortKey(a);
  const right = sortKey(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function isDirectory(entry: RawEntry | undefined): entry is DirectoryEntry {
  return entry?.mode === "40000" || entry?.mode === "040000";
}

export function isSubmodule(entry: RawEntry | undefined): entry is SubmoduleEntry {
  return entry?.mode === "160000";
}

export function isRegularFile(entry: RawEntry | undefined): boolean {
  return entry?.mode.startsWith("100") ?? false;
}

function sortKey(entry: RawEntry): string {
  return isDirectory(entry) ? `${entry.name}/` : entry.name;
}

export function bytesOfText(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** The text that the bytes spell, or undefined when they are not UTF-8. */
export function textOfBytes(bytes: string): string | undefined {
  try {
    return decoder.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined; // Not UTF-8 is what the caller asks about.
  }
}
