import { expect, it } from "vitest";
import { isPrivateAddress, isPublicAddress } from "../../functions/core/addresses.ts";
import { parseRules } from "../../functions/sandbox/egress-policy.ts";

const policy = parseRules({
  allow: ["registry.npmjs.org", "*.github.com", "api.example.com:8443", "*.deep.example.com:444", "UPPER.example.com."],
  allowPrivate: ["npm.corp.internal:4873", "git.corp.internal:443"],
});
const tls = (host: string, port = 443) => policy({ host, port, plain: false });
const plain = (host: string, port = 80) => policy({ host, port, plain: true });

it.each([
  ["the name itself", tls("registry.npmjs.org")],
  ["plain http on its port", plain("registry.npmjs.org")],
  ["a name below the suffix", tls("api.github.com")],
  ["a name far below the suffix", tls("a.b.c.github.com")],
  ["the named port", tls("api.example.com", 8443)],
  ["the named port, plain", plain("api.example.com", 8443)],
  ["a suffix with its port", tls("x.deep.example.com", 444)],
  ["a rule written in capitals, with the dot of the root", tls("upper.example.com")],
])("allowed: %s", (_name, judgement) => expect(judgement).toEqual({ kind: "allowed", mayBePrivate: false }));

it("a private target is allowed by its own list, and may lead inside", () => {
  expect(tls("npm.corp.internal", 4873)).toEqual({ kind: "allowed", mayBePrivate: true });
  expect(plain("npm.corp.internal", 4873)).toEqual({ kind: "allowed", mayBePrivate: true });
  expect(tls("npm.corp.internal").kind).toBe("refused");
});

const notListed = "not on the allowlist";
const plainOnHttps = "plain http on the port of HTTPS";
const address = "an address instead of a name";
const noName = "not a host name";
it.each([
  ["another name", tls("example.org"), notListed],
  ["a name below an exact one", tls("x.registry.npmjs.org"), notListed],
  ["a name that ends like an exact one", tls("evilregistry.npmjs.org"), notListed],
  ["the suffix itself", tls("github.com"), notListed],
  ["a name that ends like the suffix", tls("evilgithub.com"), notListed],
  ["the suffix in the middle", tls("api.github.com.evil.org"), notListed],
  ["another port", tls("registry.npmjs.org", 8443), notListed],
  ["TLS on the plain port", tls("registry.npmjs.org", 80), notListed],
  ["plain text on the TLS port", plain("registry.npmjs.org", 443), plainOnHttps],
  ["plain text on the TLS port of a private target", plain("git.corp.internal", 443), plainOnHttps],
  ["the default port of a rule with a port", tls("api.example.com"), notListed],
  ["port 0", tls("registry.npmjs.org", 0), notListed],
  ["an IPv4 address", tls("93.184.216.34"), address],
  ["an IPv6 address", tls("[2606:2800:220:1::1]"), address],
  ["an IPv6 address without brackets", tls("::1"), address],
  ["an address as one number", tls("2130706433"), address],
  ["an address in hexadecimal", tls("0x7f.0x1"), address],
  ["an address in octal", tls("0177.0.0.1"), address],
  ["a short address", tls("127.1"), address],
  ["nothing", tls(""), noName],
  ["a name with a space", tls("registry.npmjs.org evil.org"), noName],
  ["a name with a NUL", tls("registry.npmjs.org\0.evil.org"), noName],
  ["a name with a user", tls("registry.npmjs.org@evil.org"), noName],
  ["a name with a line end", tls("registry.npmjs.org\r\nx"), noName],
  ["an empty label", tls("a..github.com"), noName],
  ["a label with a star", tls("*.github.com"), noName],
  ["a leading dot", tls(".github.com"), noName],
  ["a name of 300 characters", tls(`${"a.".repeat(145)}github.com`), noName],
  ["a name that is not ASCII", tls("gıthub.com"), noName],
])("refused: %s", (_name, judgement, why) => expect(judgement).toEqual({ kind: "refused", why }));

it.each([
  "",
  "*",
  "*.",
  "*.com",
  "**.example.com",
  "a.*.com",
  "example.com:",
  "example.com:0",
  "example.com:70000",
  "https://example.com",
  "example.com/path",
  "10.0.0.1",
  "10.0.0.1:443",
  "[::1]:443",
  "exa mple.com",
])("the rule %j is refused when it is read", (rule) => {
  expect(() => parseRules({ allow: [rule] })).toThrow(/^egress rule/);
});

it.each(["npm.corp", "*.corp.example:443", "10.0.0.1:443"])("%j is no private target", (rule) => {
  expect(() => parseRules({ allow: [], allowPrivate: [rule] })).toThrow(/^egress rule/);
});

it.each([
  ["93.184.216.34", true, false],
  ["8.8.8.8", true, false],
  ["172.32.0.1", true, false],
  ["2606:4700::1111", true, false],
  ["10.1.2.3", false, true],
  ["172.16.0.1", false, true],
  ["172.31.255.255", false, true],
  ["192.168.0.1", false, true],
  ["100.64.0.1", false, true],
  ["127.0.0.1", false, true],
  ["127.255.0.1", false, true],
  ["::1", false, true],
  ["fd12::1", false, true],
  ["169.254.169.254", false, false],
  ["169.254.170.2", false, false],
  ["fd00:ec2::254", false, false],
  ["0.0.0.0", false, false],
  ["224.0.0.1", false, false],
  ["255.255.255.255", false, false],
  ["192.0.2.1", false, true],
  ["198.18.0.1", false, true],
  ["::", false, false],
  ["fe80::1", false, false],
  ["fe80::1%eth0", false, false],
  ["ff02::1", false, false],
  ["::ffff:127.0.0.1", false, false],
  ["::ffff:8.8.8.8", false, false],
  ["64:ff9b::7f00:1", false, false],
  ["2002:7f00:1::", false, false],
  ["2001:0:7f00::1", false, false],
  ["2001:db8::1", false, false],
  ["not an address", false, false],
  ["", false, false],
])("%s: public %s, private %s", (text, isPublic, isPrivate) => {
  expect([isPublicAddress(text), isPrivateAddress(text)]).toEqual([isPublic, isPrivate]);
});
