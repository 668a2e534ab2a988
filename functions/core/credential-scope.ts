// To which repositories may a credential be sent? Whoever may use one could else have it sent to a host of their own.
import type { Credential } from "./cloud.ts";

/** Nobody can read there what others send; a host of your own has to be named. */
const sharedHosts = new Set(["github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "dev.azure.com"]);
const loopbackHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** `https://host/…`, with `*` for any text in the path; the host is always whole. */
export const repositoryPattern =
  /^https:\/\/[^/*?#@\s]+\/[^?#\s]*$|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/[^?#\s]*$/;

/** `url` as `parseRepositoryUrl` answers it: no user, no query, and no `..` that a pattern could be fooled with. */
export function mayBeSentTo({ model, repositories }: Credential, url: string): boolean {
  if (model) return false;
  if (repositories) return repositories.some((pattern) => matchesRepository(pattern, url));
  const { hostname, protocol } = new URL(url);
  return sharedHosts.has(hostname) ? protocol === "https:" : loopbackHosts.has(hostname);
}

export function matchesRepository(pattern: string, url: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return url === pattern;
  if (!url.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = url.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return url.endsWith(last) && url.length - last.length >= at;
}
