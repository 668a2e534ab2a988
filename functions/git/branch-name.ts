// May this be the name of a branch? The rules of git check-ref-format, said in words.

const maxBranchBytes = 200;

/** The reason why git would not take the name, or undefined when it would. */
export function whyBadBranch(branch: string): string | undefined {
  if (branch === "") return "the name is empty";
  // A ref is a file, and `.lock` is added while it is written: 255 bytes for a file name are the limit.
  if (Buffer.byteLength(branch) > maxBranchBytes) return `the name is longer than ${maxBranchBytes} bytes`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what we look for
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(branch))
    return "the name holds a space, a control character or one of ~^:?*[\\";
  if (branch.includes("..") || branch.includes("@{")) return "the name holds .. or @{";
  if (branch.startsWith("-")) return "the name starts with a dash";
  if (branch === "@" || branch === "HEAD") return `${branch} has a meaning of its own`;
  for (const part of branch.split("/")) {
    if (part === "") return "the name has an empty part between slashes";
    if (part.startsWith(".") || part.endsWith(".")) return "a part of the name starts or ends with a dot";
    if (part.endsWith(".lock")) return "a part of the name ends with .lock";
  }
  return undefined;
}
