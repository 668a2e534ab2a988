// Has a delivery been signed by the forge that knows our secret? By HMAC-SHA256 over the very bytes that came.
import { createHmac } from "node:crypto";
import type { ForgeKind } from "./pull-requests.ts";
import { isSameToken } from "./signing.ts";

/** Gitea and Forgejo write the bare digest, each under its own name; Forgejo under both. */
const signatureHeaders: Record<ForgeKind, readonly string[]> = {
  github: ["x-hub-signature-256"],
  gitea: ["x-gitea-signature", "x-forgejo-signature"],
};

export type ReadHeader = (name: string) => string | undefined;

export function isSignedByForge(kind: ForgeKind, secret: string, body: Uint8Array, header: ReadHeader): boolean {
  const digest = createHmac("sha256", secret).update(body).digest("hex");
  const given = signatureHeaders[kind].map(header).find((value) => value !== undefined) ?? "";
  return isSameToken(kind === "github" ? `sha256=${digest}` : digest, given);
}
