// Which texts are private keys? PEM of any kind and age, also within a string literal, and DER in base64.
import { looksRandom } from "./randomness.ts";
import type { Rule } from "./rules.ts";

/** Code that reads keys shows the header only, and documentation a few characters. An Ed25519 key has 64. */
const minKeyCharacters = 56;

/** From the header to where the body ends. Lines may be escaped, quoted, and joined by `+` or commas. */
const pem =
  /-{4,5} ?BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}(?<body>(?:(?!-{4,5} ?(?:END|BEGIN))[\w+/=\s\\"'`,:;.()-]){1,8000})/g;

/** How DER begins: PKCS#8 of RSA, Ed25519 and the EC curves, SEC1, PKCS#1, and OpenSSH's own form. */
const der =
  /(?<![A-Za-z0-9+/])(?:MC4CAQAwBQYDK2Vw|MI[GH][A-Za-z0-9]{1,3}AgEAMBAGByqGSM49|MI[GH][A-Za-z0-9]{1,3}gEAMBMGByqGSM49|MHcCAQEEI|MII[A-Za-z0-9+/]{1,4}IBADANBgkqhkiG9w0BAQEFAASC|b3BlbnNzaC1rZXktdjEA)[A-Za-z0-9+/]{20,8000}={0,2}/g;

function holdsKey(body: string): boolean {
  const runs = body.replace(/\\+[rn]/g, " ").match(/[A-Za-z0-9+/]{24,}/g) ?? [];
  // A path is such a run too, but nothing that was encoded does without digits or capitals.
  const encoded = runs.filter((run) => /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run));
  return encoded.join("").length >= minKeyCharacters;
}

export const privateKeyRules: Rule[] = [
  {
    id: "private-key",
    keys: ["PRIVATE KEY"],
    pattern: pem,
    accept: (_match, { body = "" }) => holdsKey(body),
  },
  { id: "private-key", keys: ["MC4C", "MIG", "MIH", "MHcC", "MII", "b3Blb"], pattern: der, accept: () => true },
  { id: "private-key", keys: ["PuTTY-User-Key-File-"], pattern: /Private-MAC: (?<secret>[0-9a-f]{40,64})/g },
  { id: "private-key", keys: ["AGE-SECRET-KEY-1"], pattern: /AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}/g },
  // A JSON Web Key: `d` is the private part of every kind but the symmetric, whose whole key is `k`.
  {
    id: "private-key",
    keys: ['"kty"'],
    pattern: /"[dk]"\s{0,8}:\s{0,8}"(?<secret>[\w-]{40,700})"/g,
    accept: looksRandom,
  },
];
