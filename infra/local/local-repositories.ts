// How does a sandbox reach a repository that is only a path on this machine? Over loopback, with a password of its own.
import { createHmac, timingSafeEqual } from "node:crypto";
import { statSync } from "node:fs";
import { isAbsolute, normalize } from "node:path";
import { localRepositoryPassword, localRepositoryPrefix } from "../../functions/git/local-repository.ts";
import type { Endpoint } from "./aws-json.ts";
import { startGitServer } from "./git-server.ts";

/** The user name does not matter. A path is served as it was named; the caller decides which paths get a password. */
export function serveLocalRepositories(options: {
  secret: string;
  port?: number;
  log?: (line: string) => void;
}): Promise<Endpoint> {
  return startGitServer({
    ...options,
    resolve: findRepository,
    authorize: (_user, password, request) => {
      const path = decodePath(request.path);
      return path !== undefined && isSame(password, localRepositoryPassword(options.secret, path));
    },
  });
}

/** Only the one spelling that `localRepositoryUrl` writes, of a path without detours. */
function decodePath(urlPath: string): string | undefined {
  if (!urlPath.startsWith(localRepositoryPrefix)) return undefined;
  const encoded = urlPath.slice(localRepositoryPrefix.length);
  const path = Buffer.from(encoded, "base64url").toString();
  if (Buffer.from(path).toString("base64url") !== encoded) return undefined;
  if (!isAbsolute(path) || normalize(path) !== path || path.includes("\0")) return undefined;
  return path;
}

/** A path that is no directory is not found, whatever git would say of it. */
function findRepository(urlPath: string): string | undefined {
  const path = decodePath(urlPath);
  return path && statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : undefined;
}

/** Both are hashed first: the comparison needs equal lengths, and must not tell how many characters were right. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac("sha256", "compare").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
