// Which files does a diff change, and how much of each? Pure; one entry a file, in the diff's order.

export interface FileDiff {
  path: string;
  oldPath: string;
  kind: "added" | "deleted" | "renamed" | "changed" | "binary";
  additions: number;
  deletions: number;
  text: string;
}

export function splitDiff(diff: string): FileDiff[] {
  const starts = [...diff.matchAll(/^diff --git /gm)].map(({ index }) => index);
  return starts.map((start, n) => readFile(diff.slice(start, starts[n + 1])));
}

function readFile(text: string): FileDiff {
  const head = text.slice(0, text.search(/^@@ /m) === -1 ? undefined : text.search(/^@@ /m));
  const [, named = ""] = /^diff --git a\/.+ b\/(.+)$/m.exec(head) ?? [];
  const path = pathOf(head, "+++", "b/") ?? named;
  const oldPath = pathOf(head, "---", "a/") ?? /^rename from (.+)$/m.exec(head)?.[1] ?? path;
  const body = text.slice(head.length);
  return {
    path: path || oldPath,
    oldPath,
    kind: kindOf(head),
    additions: body.match(/^\+/gm)?.length ?? 0,
    deletions: body.match(/^-/gm)?.length ?? 0,
    text,
  };
}

function pathOf(head: string, mark: "+++" | "---", prefix: string): string | undefined {
  const line = head.split("\n").find((one) => one.startsWith(`${mark} ${prefix}`));
  return line?.slice(mark.length + 1 + prefix.length).trimEnd();
}

function kindOf(head: string): FileDiff["kind"] {
  if (/^(Binary files|GIT binary patch)/m.test(head)) return "binary";
  if (/^new file mode/m.test(head)) return "added";
  if (/^deleted file mode/m.test(head)) return "deleted";
  return /^rename from/m.test(head) ? "renamed" : "changed";
}
