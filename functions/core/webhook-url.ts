// May a notice be sent to this address? Only out to the public internet, over https.
import { isIP } from "node:net";
import { isLoopbackAddress, isPublicAddress } from "./addresses.ts";

export type UrlJudgement =
  | { kind: "ok"; url: URL; host: string; mayReach: (address: string) => boolean }
  | { kind: "bad"; why: string };

/** `allowLoopback` is for tests and for one machine: plain http to loopback, and nothing else. */
export function judgeWebhookUrl(text: string, allowLoopback: boolean): UrlJudgement {
  const bad = (why: string): UrlJudgement => ({ kind: "bad", why });
  if (!URL.canParse(text)) return bad("it is not a URL");
  const url = new URL(text);
  if (url.username || url.password) return bad("it holds credentials; the signature shows who is calling");
  if (url.hash) return bad("it has a fragment, which is never sent");
  const isLocal = allowLoopback && url.protocol === "http:";
  if (url.protocol !== "https:" && !isLocal) return bad("only https is allowed");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const mayReach = isLocal ? isLoopbackAddress : isPublicAddress;
  if (isIP(host) && !mayReach(host)) return bad(notReachable(isLocal));
  return { kind: "ok", url, host, mayReach };
}

/** One bad address is enough: a name that mixes them is playing games. */
export function judgeAddresses(
  { mayReach, url }: Extract<UrlJudgement, { kind: "ok" }>,
  addresses: readonly string[],
): string | undefined {
  return addresses.every(mayReach) ? undefined : notReachable(url.protocol === "http:");
}

const notReachable = (isLocal: boolean) =>
  isLocal ? "plain http is for loopback only" : "it leads to an address that is not public";
