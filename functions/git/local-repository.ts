// How is a repository that is only a path on this machine named in a URL, and what password opens it?
import { createHmac } from "node:crypto";

export const localRepositoryPrefix = "/local/";
/** The server looks at the password only. */
export const localRepositoryUser = "drover";

/** The URL under which the local stack serves the repository at an absolute path. */
export function localRepositoryUrl(baseUrl: string, path: string): string {
  return `${baseUrl}${localRepositoryPrefix}${Buffer.from(path).toString("base64url")}`;
}

/** Opens this one path and no other, so a sandbox that learns one password has learned nothing about the next. */
export function localRepositoryPassword(secret: string, path: string): string {
  return createHmac("sha256", secret).update(`drover local repository\0${path}`).digest("base64url");
}
