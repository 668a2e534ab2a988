// How do attacks meet a cloud's metadata addresses, which answer in no network of this machine?
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Edit } from "../simulation/mutants/edit.ts";
import type { Field } from "./field.ts";
import type { CloudOrder } from "./fixtures/cloud-network.ts";
import { egressFile, placeEgress, speak } from "./through-egress.ts";
import { withoutSafeguard } from "./unguarded.ts";

const fixture = join(import.meta.dirname, "fixtures/cloud-network.ts");
const checkout = resolve(import.meta.dirname, "../..");
/** IPv4, IPv6, and where the credentials of an ECS task are. */
export const metadataAddresses = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254"];

/** Only root may make a network in which it is not root of a user namespace as well. */
function inCloudNetwork(field: Field, order: Omit<CloudOrder, "secret" | "addresses">) {
  const whole: CloudOrder = { secret: field.secret, addresses: metadataAddresses, ...order };
  const options = ["--net", process.execPath, fixture, JSON.stringify(whole)];
  const child = spawn("unshare", options, { stdio: ["ignore", "pipe", "inherit"] });
  field.undo(() => child.kill("SIGKILL"));
  return child;
}

interface Names {
  /** Of the name server, one after the other. */
  answers: string[][];
  /** The rule lets the name lead to a private address. */
  isPrivate?: boolean;
}

/** Does an allowed name bring a sandbox to the metadata address? */
export async function isProxyLed(field: Field, { answers, isPrivate }: Names, without: Edit[] = []): Promise<boolean> {
  const { folder, path } = placeEgress(field);
  const root = without.length > 0 ? withoutSafeguard(field, without).root : checkout;
  const rules = isPrivate ? { allow: [], allowPrivate: ["open.test:80"] } : { allow: ["open.test"], allowPrivate: [] };
  const child = inCloudNetwork(field, { proxy: { module: join(root, egressFile), path, answers, ...rules } });
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => Promise.reject(new Error("no proxy"))),
  ]);
  const request = "GET http://open.test/latest/meta-data/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const printed = await field.confined(speak([[request]]), { folder });
  child.kill("SIGKILL");
  return answersOf(printed).some((answer) => answer.includes(field.secret));
}

/** What a program prints in a sandbox that is started in such a network, walled off from it or not. */
export async function printedInCloud(field: Field, program: string, isWalled: boolean): Promise<string> {
  const { image, uid } = field;
  const sandbox = { image, root: field.nextFolder().root, program, isWalled, ...(uid === undefined ? {} : { uid }) };
  return text(inCloudNetwork(field, { sandbox }).stdout);
}

export function answersOf(printed: string): string[] {
  const answers: unknown = JSON.parse(printed);
  if (!Array.isArray(answers)) throw new Error(`the attacker printed ${printed}`);
  return answers.map(String);
}
