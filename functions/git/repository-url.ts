// Which repository did a person name? The text may come from anyone, so it is taken apart once, here.
import { normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** `https` also stands for http to loopback, which is where the stand-in for local repositories listens. */
export type RepositoryUrl =
  | { kind: "https"; url: string }
  | { kind: "file"; path: string }
  | { kind: "bad"; message: string };

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what we look for
const controlCharacter = /[\u0000-\u001f\u007f]/;
const loopbackHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);
const remedy = "Use https://host/owner/name, or an absolute path for a repository on this machine.";

/** Accepts https://, http:// to loopback, file:///path and /path. No answer ever repeats a password. */
export function parseRepositoryUrl(text: string): RepositoryUrl {
  const trimmed = text.trim();
  if (trimmed === "") return bad(`The repository is empty. ${remedy}`);
  if (controlCharacter.test(trimmed)) return bad(`The repository holds a control character. ${remedy}`);
  if (trimmed.startsWith("/")) return filePath(trimmed);

  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === "https" || scheme === "http") return parseHttpUrl(trimmed);
  if (scheme === "file") return parseFileUrl(trimmed);
  if (scheme === "ssh" || scheme === "git+ssh" || scheme === "ssh+git") return parseSshUrl(trimmed);
  if (scheme) return bad(`drover does not speak ${scheme}://. ${remedy}`);
  return parseWithoutScheme(trimmed);
}

function parseHttpUrl(text: string): RepositoryUrl {
  const url = URL.parse(text);
  if (!url) return bad(`This is not a URL that can be read. ${remedy}`);
  if (url.username || url.password) {
    return bad(
      `The URL of ${url.host}${url.pathname} carries a user name or a token. A URL is stored and shown: leave it out, ` +
        "store the token as a credential of the workspace, and revoke it if it was shared.",
    );
  }
  if (url.search || url.hash) return bad(`The URL of ${url.host}${url.pathname} has a ? or # part. Leave it out.`);
  const path = url.pathname.replace(/\/+$/, "");
  if (path === "") return bad(`${url.origin} names a host but no repository. ${remedy}`);
  if (url.protocol === "http:" && !loopbackHosts.has(url.hostname)) {
    return bad(`http:// sends tokens and code in the open. Use https://${url.host}${path}.`);
  }
  return { kind: "https", url: `${url.origin}${path}` };
}

function parseFileUrl(text: string): RepositoryUrl {
  const url = URL.parse(text);
  const path = url?.host === "" && !url.search && !url.hash ? decodeFilePath(url) : undefined;
  return path === undefined
    ? bad("A file URL names an absolute path on this machine: file:///path/to/repository.")
    : filePath(path);
}

function decodeFilePath(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined; // An encoded slash or a broken escape: no path that a person means.
  }
}

function filePath(path: string): RepositoryUrl {
  if (controlCharacter.test(path)) return bad(`The path holds a control character. ${remedy}`);
  const plain = normalize(path).replace(/\/+$/, "");
  return plain === "" ? bad("The root directory is not a repository.") : { kind: "file", path: plain };
}

function parseSshUrl(text: string): RepositoryUrl {
  const url = URL.parse(text);
  return url ? bad(noSsh(url.hostname, url.pathname)) : bad(`This is not a URL that can be read. ${remedy}`);
}

function parseWithoutScheme(text: string): RepositoryUrl {
  // What stands before an @ may be a token.
  const shown = text.replace(/^.*@/, "");
  const scpLike = /^([^/:\s]+):(?!:)(.+)$/.exec(shown);
  if (scpLike) return bad(noSsh(scpLike[1] ?? "", `/${scpLike[2] ?? ""}`));
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+\/./i.test(shown)) return bad(`Say https://${shown}.`);
  return bad(`"${shown}" is a relative name, and a task has no current directory. ${remedy}`);
}

function noSsh(host: string, path: string): string {
  return `drover does not use ssh, since a key opens more than one repository. Use https://${host}${path.replace(/^\/+/, "/")} with a token.`;
}

function bad(message: string): RepositoryUrl {
  return { kind: "bad", message };
}
