import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

/** Namespaces of our own, where a public address can be this machine's. */
const privately = ["--user", "--map-root-user", "--mount", "--net"];
const canRun = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
const isPossible = canRun("unshare", ...privately, "ip", "link") && canRun("openssl", "version");

const dir = mkdtempSync(join(tmpdir(), "drover-receivers-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const address = "93.184.216.34";
const hosts = `127.0.0.1 localhost\n${address} hooks.example other.example mixed.example\n10.0.0.1 mixed.example\n`;
const receivers = pathToFileURL(resolve(import.meta.dirname, "../../functions/aws/receivers.ts"));

/** Posts to each URL from within, and prints what came of it and what the server has seen. */
const program = (urls: string[]) => `
  import { readFileSync } from "node:fs";
  import { createServer } from "node:https";
  const { openReceivers } = await import(${JSON.stringify(receivers)});
  const seen = [];
  const server = createServer({ key: readFileSync("key.pem"), cert: readFileSync("cert.pem") }, (request, response) => {
    seen.push({ path: request.url, host: request.headers.host, servername: request.socket.servername });
    response.end();
  });
  await new Promise((listening) => server.listen(8443, ${JSON.stringify(address)}, listening));
  const { post } = openReceivers({ timeoutMs: 5000, allowLoopback: false });
  const outcomes = [];
  for (const url of ${JSON.stringify(urls)}) outcomes.push(await post(url, {}, "{}"));
  console.log(JSON.stringify({ outcomes, seen }));
  server.closeAllConnections();
  server.close();
`;

function postFromWithin(...urls: string[]) {
  writeFileSync(join(dir, "hosts"), hosts);
  const subject = ["-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"];
  const files = ["-keyout", "key.pem", "-out", "cert.pem"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...files, ...subject], {
    cwd: dir,
    stdio: "ignore",
  });
  const script = `
    ip link set lo up
    ip addr add ${address}/32 dev lo
    mount --bind hosts /etc/hosts
    exec "$0" --input-type=module --eval "$1"`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: "cert.pem", NODE_OPTIONS: "" };
  const args = [...privately, "sh", "-ec", script, process.execPath, program(urls)];
  return JSON.parse(execFileSync("unshare", args, { cwd: dir, env, encoding: "utf8" }));
}

describe.skipIf(!isPossible)("a receiver with a public address, over https", () => {
  it("is reached at the address that was judged, under its own name, which its certificate must have", () => {
    const answer = postFromWithin(
      "https://hooks.example:8443/a?b=c",
      "https://other.example:8443/wrong-certificate",
      `https://${address}:8443/wrong-certificate`,
      "https://mixed.example:8443/one-address-is-private",
      "https://nobody.example:8443/",
      "https://hooks.example:8444/",
    );
    expect(answer).toEqual({
      outcomes: [
        { kind: "answered", status: 200 },
        { kind: "unreachable", why: "no connection: ERR_TLS_CERT_ALTNAME_INVALID" },
        { kind: "unreachable", why: "no connection: ERR_TLS_CERT_ALTNAME_INVALID" },
        { kind: "refused", why: "it leads to an address that is not public" },
        { kind: "unreachable", why: "its name has no address" },
        { kind: "unreachable", why: "no connection: ECONNREFUSED" },
      ],
      seen: [{ path: "/a?b=c", host: "hooks.example:8443", servername: "hooks.example" }],
    });
  });
});
