// Which names may the sandbox reach?
import { isIP } from "node:net";

export interface EgressRules {
  /** `host` (443 through CONNECT, 80 for plain http), `host:port`, or either with `*.` before it for all names below. */
  allow: readonly string[];
  /** Exact `host:port` which may resolve to a private address, such as a company's registry. Allowed by being here. */
  allowPrivate?: readonly string[];
}

export interface Target {
  host: string;
  port: number;
  /** CONNECT is for TLS; a plain request can be read by everyone on the way. */
  plain: boolean;
}

export type Judgement = { kind: "allowed"; mayBePrivate: boolean } | { kind: "refused"; why: string };
export type EgressPolicy = (target: Target) => Judgement;

interface Entry {
  host: string;
  /** Undefined: the default port of the scheme. */
  port: number | undefined;
  subdomains: boolean;
}

export const httpsPort = 443;
const httpPort = 80;

/** Throws on an entry that is not what its author can have meant. */
export function parseRules({ allow, allowPrivate = [] }: EgressRules): EgressPolicy {
  const open = allow.map(parseEntry);
  const inside = allowPrivate.map(parseEntry);
  const vague = inside.findIndex((entry) => entry.subdomains || entry.port === undefined);
  if (vague >= 0) throw new Error(`egress rule "${allowPrivate[vague]}": a private target must be an exact host:port`);

  return (target) => {
    if (isAddressLiteral(target.host)) return { kind: "refused", why: "an address instead of a name" };
    if (!isHostName(target.host)) return { kind: "refused", why: "not a host name" };
    // A rule for the port of HTTPS is meant for TLS, by which the host is known.
    if (target.plain && target.port === httpsPort) return { kind: "refused", why: "plain http on the port of HTTPS" };
    if (inside.some((entry) => covers(entry, target))) return { kind: "allowed", mayBePrivate: true };
    if (open.some((entry) => covers(entry, target))) return { kind: "allowed", mayBePrivate: false };
    return { kind: "refused", why: "not on the allowlist" };
  };
}

/** Names are equal whatever their case, with or without the dot of the root. */
export function normaliseHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function covers(entry: Entry, { host, port, plain }: Target): boolean {
  const expected = entry.port ?? (plain ? httpPort : httpsPort);
  if (port !== expected) return false;
  return entry.subdomains ? host.endsWith(`.${entry.host}`) : host === entry.host;
}

function parseEntry(text: string): Entry {
  const match = /^(\*\.)?([^:*/\s]+)(?::(\d{1,5}))?$/.exec(text);
  const host = normaliseHost(match?.[2] ?? "");
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  const subdomains = match?.[1] !== undefined;
  if (!isHostName(host)) throw new Error(`egress rule "${text}": neither a host nor host:port`);
  if (isAddressLiteral(host)) throw new Error(`egress rule "${text}": names only, no addresses`);
  if (port === 0 || (port ?? 1) > 65535) throw new Error(`egress rule "${text}": there is no such port`);
  if (subdomains && !host.includes(".")) throw new Error(`egress rule "${text}": this would open a whole top level`);
  return { host, port, subdomains };
}

function isHostName(host: string): boolean {
  return host.length <= 253 && /^[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/.test(host);
}

/** Also the spellings that resolvers take for IPv4: 2130706433, 0x7f.1, 127.1. A name never ends in a number. */
function isAddressLiteral(host: string): boolean {
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) return true;
  const last = host.split(".").at(-1) ?? "";
  return /^(\d+|0x[0-9a-f]*)$/.test(last);
}
