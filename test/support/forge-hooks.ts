// Deliveries as GitHub, Gitea and Forgejo send them: the fields that count, and a signature over the bytes.
import { createHmac } from "node:crypto";
import type { ForgeKind } from "../../functions/core/pull-requests.ts";

export const sign = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex");

/** The headers of a delivery. `flavour`: Forgejo signs like Gitea, under a name of its own. */
export function headersOf(kind: ForgeKind, event: string, digest: string, flavour = "gitea"): Record<string, string> {
  if (kind === "github") return { "x-github-event": event, "x-hub-signature-256": `sha256=${digest}` };
  return { [`x-${flavour}-event`]: event, [`x-${flavour}-signature`]: digest };
}

interface Wish {
  cloneUrl: string;
  action: string;
  /** Of the issue, over what it is else. */
  issue?: object;
  sender?: string;
  [field: string]: unknown;
}

export function delivery({ cloneUrl, action, issue = {}, sender = "maria", ...rest }: Wish): Record<string, unknown> {
  return {
    action,
    issue: {
      id: 900,
      number: 12,
      title: "The clock is slow",
      body: "It loses a minute a day.",
      state: "open",
      updated_at: "2026-11-26T01:00:00Z",
      user: { login: "otto", type: "User" },
      author_association: "NONE",
      labels: [],
      assignees: [],
      ...issue,
    },
    repository: { id: 5, full_name: "acme/shop", clone_url: cloneUrl },
    sender: { login: sender, type: "User" },
    ...rest,
  };
}

export const labelled = (cloneUrl: string, label: string, over: object = {}) =>
  delivery({ cloneUrl, action: "labeled", label: { name: label }, ...over });

export const commented = (cloneUrl: string, body: string, over: object = {}) =>
  delivery({
    cloneUrl,
    action: "created",
    comment: { id: 77, body, user: { login: "maria", type: "User" }, author_association: "MEMBER", ...over },
  });
