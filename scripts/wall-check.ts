// `npm run wall:check`: does the filter of a walled network hold? Its own configuration, on the real nginx and the real packet filter, in
// networks of this machine that stand for the sandbox's, the filter's and the internet. Root on Debian.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FilterSettings, listenPort, writeNft, writeNginx } from "../infra/aws/egress-filter.ts";
import { findProgram } from "../infra/local/sandbox/find-program.ts";
import { addresses, allowedHosts } from "./wall-check/places.ts";
import type { Attempt } from "./wall-check/probe.ts";

const here = join(import.meta.dirname, "wall-check");
const id = process.pid;
const spaces = { sandbox: `drover-s${id}`, filter: `drover-f${id}`, outside: `drover-o${id}` };
const settings: FilterSettings = { hosts: allowedHosts, from: ["10.90.16.0/20"], resolver: addresses.resolver };

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
const within = (space: string, ...command: string[]) => run("ip", "netns", "exec", space, ...command);

interface Case {
  what: string;
  attempt: Attempt;
  /** Who may answer; nobody, where it is absent. */
  reaches?: string;
  /** Who answers where there is no wall; absent: the case would prove nothing there. */
  withoutWall?: string;
}

const { allowed, other, metadata, internal } = addresses;
const cases: Case[] = [
  {
    what: "an allowed name",
    attempt: { kind: "tls", to: allowed, name: "allowed.example.com" },
    reaches: allowed,
    withoutWall: allowed,
  },
  {
    what: "a name below an allowed one",
    attempt: { kind: "tls", to: allowed, name: "deep.below.example.org" },
    reaches: allowed,
    withoutWall: allowed,
  },
  {
    what: "a name in other letters",
    attempt: { kind: "tls", to: allowed, name: "ALLOWED.example.COM" },
    reaches: allowed,
    withoutWall: allowed,
  },
  {
    what: "a name that nobody allowed",
    attempt: { kind: "tls", to: other, name: "other.example.net" },
    withoutWall: other,
  },
  {
    what: "a name that begins like an allowed one",
    attempt: { kind: "tls", to: other, name: "allowed.example.com.other.example.net" },
    withoutWall: other,
  },
  {
    what: "an allowed name, said to another's address: its own host answers",
    attempt: { kind: "tls", to: other, name: "allowed.example.com" },
    reaches: allowed,
    withoutWall: other,
  },
  { what: "TLS without a name", attempt: { kind: "tls", to: other }, withoutWall: other },
  { what: "something else than TLS on TLS's port", attempt: { kind: "plain", to: allowed, port: 443 } },
  { what: "plain HTTP", attempt: { kind: "plain", to: other, port: 80 }, withoutWall: other },
  { what: "SSH", attempt: { kind: "plain", to: other, port: 22 }, withoutWall: other },
  {
    what: "the proxy's own port elsewhere",
    attempt: { kind: "plain", to: other, port: listenPort },
    withoutWall: other,
  },
  {
    what: "the proxy's own port on the filter",
    attempt: { kind: "tls", to: addresses.inner, port: listenPort, name: "allowed.example.com" },
  },
  {
    what: "a name server of one's own",
    attempt: { kind: "name", to: other, name: "allowed.example.com" },
    withoutWall: allowed,
  },
  {
    what: "an allowed name that leads to the filter's metadata",
    attempt: { kind: "tls", to: metadata, name: "turned.example.com" },
    withoutWall: metadata,
  },
  {
    what: "an allowed name that leads inside",
    attempt: { kind: "tls", to: internal, name: "inward.example.com" },
    withoutWall: internal,
  },
];

function connectSpaces(): void {
  for (const space of Object.values(spaces)) {
    run("ip", "netns", "add", space);
    within(space, "ip", "link", "set", "lo", "up");
  }
  const { sandbox, filter, outside } = spaces;
  const link = (one: string, oneName: string, two: string, twoName: string) => {
    run("ip", "link", "add", oneName, "netns", one, "type", "veth", "peer", "name", twoName, "netns", two);
    within(one, "ip", "link", "set", oneName, "up");
    within(two, "ip", "link", "set", twoName, "up");
  };
  link(sandbox, "out", filter, "in");
  link(filter, "out", outside, "in");
  within(sandbox, "ip", "address", "add", `${addresses.sandbox}/20`, "dev", "out");
  within(filter, "ip", "address", "add", `${addresses.inner}/20`, "dev", "in");
  within(filter, "ip", "address", "add", `${addresses.outer}/24`, "dev", "out");
  within(outside, "ip", "address", "add", `${addresses.gateway}/24`, "dev", "in");
  for (const one of [addresses.resolver, allowed, other, metadata, internal]) {
    within(outside, "ip", "address", "add", `${one}/32`, "dev", "lo");
  }
  within(sandbox, "ip", "route", "add", "default", "via", addresses.inner);
  within(filter, "ip", "route", "add", "default", "via", addresses.gateway);
  within(outside, "ip", "route", "add", "10.90.16.0/20", "via", addresses.outer);
}

/** Resolves once the program has said that it is ready; ends with the function that it answers. */
async function startOutside(dir: string): Promise<() => void> {
  const [key, certificate] = [join(dir, "key.pem"), join(dir, "certificate.pem")];
  const subject = ["-subj", "/CN=outside", "-days", "1"];
  run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject);
  const child = spawn(
    "ip",
    ["netns", "exec", spaces.outside, process.execPath, join(here, "outside.ts"), key, certificate],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the outside ended with ${code}`)));
  });
  return () => void child.kill("SIGKILL");
}

/** As on the instance, but for the folder. */
function startFilter(dir: string): void {
  const nft = join(dir, "wall.nft");
  const nginx = join(dir, "nginx.conf");
  writeFileSync(nft, writeNft(settings));
  const ownPlaces = `pid ${dir}/nginx.pid;\nerror_log ${dir}/error.log;\n`;
  const text = writeNginx(settings, "/etc/nginx/modules-enabled/*stream*.conf");
  writeFileSync(nginx, ownPlaces + text.replace("/var/log/nginx/egress.log", `${dir}/egress.log`));
  within(spaces.filter, "nft", "-f", nft);
  within(spaces.filter, "nginx", "-c", nginx);
}

const stopFilter = (dir: string) => within(spaces.filter, "nginx", "-c", join(dir, "nginx.conf"), "-s", "stop");

const probe = (attempt: Attempt) =>
  within(spaces.sandbox, process.execPath, join(here, "probe.ts"), JSON.stringify(attempt));

function judge(title: string, list: readonly Case[], expected: (one: Case) => string | undefined): number {
  console.log(title);
  let wrong = 0;
  for (const one of list) {
    const found = probe(one.attempt);
    const wanted = expected(one) ?? "nothing";
    if (found !== wanted) wrong += 1;
    console.log(
      `  ${found === wanted ? "as it should" : "WRONG"}: ${one.what} → ${found}${found === wanted ? "" : `, not ${wanted}`}`,
    );
  }
  return wrong;
}

async function main(): Promise<number> {
  const missing = ["nginx", "nft", "ip", "openssl"].filter((program) => !findProgram(program));
  if (process.getuid?.() !== 0 || missing.length > 0) {
    throw new Error(
      "the wall is checked as root on Debian or the like, with all of: apt-get install nginx-light libnginx-mod-stream " +
        `nftables iproute2 openssl. ${missing.length > 0 ? `Missing: ${missing.join(", ")}.` : "You are not root."}`,
    );
  }
  const dir = mkdtempSync(join(tmpdir(), "drover-wall-"));
  const closers: (() => void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  for (const space of Object.values(spaces)) closers.push(() => run("ip", "netns", "del", space));
  try {
    connectSpaces();
    closers.push(await startOutside(dir));
    startFilter(dir);
    let wrong = judge("With the wall:", cases, ({ reaches }) => reaches);
    stopFilter(dir);
    wrong += judge("When the filter has ended:", cases, () => undefined);
    within(spaces.filter, "nft", "flush", "ruleset");
    within(spaces.filter, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
    const controls = cases.filter(({ withoutWall }) => withoutWall !== undefined);
    wrong += judge(
      "Without a wall, so that each of these could have been noticed:",
      controls,
      (one) => one.withoutWall,
    );
    return wrong;
  } finally {
    for (const close of closers.reverse()) close();
  }
}

const wrong = await main();
console.log(wrong === 0 ? "The wall holds." : `${wrong} of these are not as they should be.`);
if (wrong > 0) process.exitCode = 1;
