// How is an allowed name turned into a connection that goes nowhere else?
import { lookup } from "node:dns/promises";
import { createConnection, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { isPrivateAddress, isPublicAddress } from "../core/addresses.ts";
import { type EgressPolicy, normaliseHost, type Target } from "./egress-policy.ts";

export interface Refusal {
  host: string;
  port: number;
  why: string;
}
export type Resolve = (host: string) => Promise<string[]>;
export type Dialled =
  | { kind: "connected"; socket: Socket; host: string }
  | { kind: "refused"; status: 403 | 502; reason: "Forbidden" | "Bad Gateway"; why: string };
export type Dial = (target: Target) => Promise<Dialled>;

const connectMs = 10_000;
const maxAddresses = 4;

export async function resolveName(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** The connection goes to an address that was judged; the name is not resolved a second time, when it may differ. */
export function openDial(policy: EgressPolicy, resolve: Resolve, onRefused: (refusal: Refusal) => void): Dial {
  return async (asked) => {
    const target = { ...asked, host: normaliseHost(asked.host) };
    const refuse = (why: string): Dialled => {
      onRefused({ host: makePrintable(target.host), port: target.port, why });
      return { kind: "refused", status: 403, reason: "Forbidden", why };
    };
    const judgement = policy(target);
    if (judgement.kind === "refused") return refuse(judgement.why);

    const addresses = await findAddresses(resolve, target.host);
    if (addresses.length === 0) return unreachable("the name has no address");
    const own = listOwnAddresses();
    const mayReach = (address: string) =>
      judgement.mayBePrivate
        ? isPublicAddress(address) || isPrivateAddress(address)
        : isPublicAddress(address) && !own.has(address);
    // One bad address is enough: a name that mixes them is playing games.
    if (!addresses.every(mayReach)) return refuse("the name leads to an address that is not public");

    for (const address of addresses.slice(0, maxAddresses)) {
      const socket = await connect(address, target.port);
      if (socket) return { kind: "connected", socket, host: target.host };
    }
    return unreachable("nothing answers there");
  };
}

/** This machine may well have a public address, and services behind it that take their neighbours for friends. */
function listOwnAddresses(): Set<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []));
}

function unreachable(why: string): Dialled {
  return { kind: "refused", status: 502, reason: "Bad Gateway", why };
}

async function findAddresses(resolve: Resolve, host: string): Promise<string[]> {
  try {
    return await resolve(host);
  } catch {
    // Whatever the resolver says, there is no address to go to; the client learns that much.
    return [];
  }
}

async function connect(host: string, port: number): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
  const socket = createConnection({ host, port, allowHalfOpen: true, timeout: connectMs });
  const fail = () => {
    socket.destroy();
    resolve(undefined);
  };
  socket.once("timeout", fail);
  // Stays on, so that a later error is nobody's surprise; it only repeats what `close` tells.
  socket.on("error", fail);
  socket.once("connect", () => {
    socket.off("timeout", fail);
    socket.setTimeout(0);
    resolve(socket);
  });
  return promise;
}

function makePrintable(host: string): string {
  return host.slice(0, 253).replace(/[^\x21-\x7e]/g, "?");
}
