import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { scanContent } from "../../../functions/sandbox/secrets/scan-content.ts";
import { kindsOfSecrets, plant } from "./planted.ts";

const copies = 3;
const scan = (content: string | Buffer, known: (string | Buffer)[] = [], allowed: string[] = []) =>
  scanContent({ content: Buffer.from(content), known: known.map((one) => Buffer.from(one)), allowed });
const findingsIn = async (content: string | Buffer) => (await scan(content)).findings;
const rulesIn = async (content: string | Buffer) => (await findingsIn(content)).map(({ rule }) => rule);
const utf16 = (text: string) => Buffer.from(text, "utf16le");
const bigEndian = (text: string) => utf16(text).swap16();
const hash = (of: string, encoding: "hex" | "base64" = "hex") => createHash("sha512").update(of).digest(encoding);

describe("a secret is found", () => {
  it.each(kindsOfSecrets)("of the kind: %s", async (kind) => {
    for (let copy = 0; copy < copies; copy += 1) {
      const { text, secret } = plant(kind, copy);
      const findings = await findingsIn(`// a file\nexport const x = 1;\n${text}// its end\n`);
      expect(findings.length, text).toBeGreaterThan(0);
      expect(JSON.stringify(findings)).not.toContain(secret.slice(-8));
      for (const { hint, fingerprint, line } of findings) {
        expect(hint.length).toBeLessThanOrEqual(4);
        expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
        expect(line).toBeGreaterThanOrEqual(3);
      }
    }
  });

  const ofFourKinds = ["github personal token", "aws access key id", "anthropic oauth token", "api key in code"].map(
    (kind) => plant(kind),
  );
  const somewhere: [string, (text: string) => string | Buffer][] = [
    ["in a file of one long line", (text) => `${"a=1;".repeat(100_000)}${text.trim()};${"b=2;".repeat(100_000)}`],
    ["in a binary", (text) => Buffer.concat([Buffer.from([0, 1, 255]), Buffer.from(text), Buffer.from([0, 200, 3])])],
    ["in UTF-16 with a byte order mark", (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(text)])],
    ["in UTF-16 of the other byte order", (text) => Buffer.concat([Buffer.from([0xfe, 0xff]), bigEndian(text)])],
    ["in UTF-16 at an odd place of a binary", (text) => Buffer.concat([Buffer.from([7, 9, 1]), utf16(text)])],
    ["in Latin-1 between accents", (text) => Buffer.from(`\xe9\xe8\n${text}\xfc`, "latin1")],
    ["after characters of three bytes", (text) => `☺日本 ${text}`],
    ["in base64", (text) => `data: ${Buffer.from(text).toString("base64")}\n`],
    ["in base64 for URLs, without padding", (text) => `x=${Buffer.from(`{"a":"${text}"}`).toString("base64url")}&y=1`],
    ["in base64 of many lines", (text) => wrap(Buffer.from(`${"#".repeat(50)}\n${text}`.repeat(3)).toString("base64"))],
    ["under a comment that silences the library", (text) => `/* secretlint-disable */\n${text}`],
    ["under a comment that silences one line", (text) => text.replace(/.+/g, "// secretlint-disable-next-line\n$&")],
  ];
  it.each(somewhere)("%s", async (_where, wrapped) => {
    for (const { text, secret } of ofFourKinds) {
      const findings = await findingsIn(wrapped(text));
      expect(findings.length, text).toBeGreaterThan(0);
      expect(JSON.stringify(findings)).not.toContain(secret.slice(-8));
    }
  });

  it("at the end of a huge file", async () => {
    const lines = 600_000;
    const content = "just a line of some text, again\n".repeat(lines) + ofFourKinds.map(({ text }) => text).join("");
    expect((await findingsIn(content)).map(({ line }) => line - lines)).toEqual([1, 2, 3, 4]);
  });

  it("with its line, also in UTF-16 and in base64", async () => {
    const text = `one\ntwo\n${plant("google api key").text}four\n`;
    const encoded = `one\ntwo\n${Buffer.from(plant("google api key").text).toString("base64")}\nfour\n`;
    for (const content of [text, utf16(text), bigEndian(text), encoded]) {
      expect((await findingsIn(content)).map(({ line }) => line)).toEqual([3]);
    }
  });

  it("once, when the library and our rules both know it, and at every place where it stands", async () => {
    const { text } = plant("github personal token");
    expect((await findingsIn(`token = ${text}\nother\n${text}`)).map(({ line }) => line)).toEqual([1, 4]);
  });

  it("when it was generated, whatever it is called: at most 3 in 100 of 20 characters or more are taken for words", async () => {
    const text = Array.from(
      { length: 300 },
      (_, n) => `password: "${hash(`p${n}`, "base64").slice(0, 20 + (n % 30))}"\n`,
    );
    let found = 0;
    for (const one of text) found += (await scan(one)).findings.length;
    expect(found).toBeGreaterThanOrEqual(291);
  });
});

describe("no secret is seen", () => {
  const publicKey = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
  const jwtOf = (payload: object, signature: string) => {
    const parts = [{ alg: "HS256", typ: "JWT" }, payload].map((part) => Buffer.from(JSON.stringify(part)));
    return [...parts.map((part) => part.toString("base64url")), signature].join(".");
  };
  const lookAlikes: [string, string][] = [
    ["a git commit", `commit ${hash("a").slice(0, 40)}\ntoken_commit: ${hash("b").slice(0, 40)}\n`],
    ["the hash of a lockfile", `"integrity": "sha512-${hash("a", "base64")}"\n`],
    [
      "a lockfile of another tool",
      `"token@^1.0.0":\n  version "1.0.2"\n  resolved "https://r.acme.dev/t#${hash("c").slice(0, 40)}"\n`,
    ],
    ["checksums", `${hash("a").slice(0, 64)}  secret-tool.tar.gz\nsha256:${hash("b").slice(0, 64)}\n`],
    ["a UUID", 'secret: "0190163d-8694-739b-aea5-966c26f8ad91"\n'],
    [
      "AWS's own example",
      `id = ${["AKIA", "IOSFODNN7", "EXAMPLE"].join("")}\nkey = ${["wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"].join("")}\n`,
    ],
    ["the number of an AWS account", "account_id: 123456789012\narn:aws:iam::123456789012:role/deploy-token\n"],
    ["where a secret is kept", 'secret: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-a1B2c3"\n'],
    ["a placeholder", 'API_KEY=your-api-key-here\napi_key = "xxxxxxxxxxxxxxxxxxxxxxxx"\nTOKEN=<insert-your-token-1>\n'],
    [
      "a placeholder with a prefix",
      `token: ${"gh" + "p_"}${"x".repeat(36)}\nkey: ${"sk-" + "ant-"}api03-${"0".repeat(95)}\n`,
    ],
    ["the environment", "const apiKey = process.env.API_KEY_FOR_STAGE_2;\npassword = os.environ['DB_PASSWORD_2']\n"],
    [
      "a template",
      "password: $" +
        "{{ secrets.DB_PASSWORD_2 }}\nurl: https://git:$" +
        "{TOKEN}@acme.dev/x\npass: {{ .Values.pw1 }}\n",
    ],
    ["a public key", `${publicKey}ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${hash("k", "base64").slice(0, 43)} me@host\n`],
    [
      "code that reads private keys",
      'if (text.includes("-----BEGIN PRIVATE KEY-----")) parse(text.split("-----END PRIVATE KEY-----")[0]);\n',
    ],
    [
      "a private key cut short in documentation",
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC...\n-----END PRIVATE KEY-----\n",
    ],
    ["a URL without a password", "postgres://localhost:5432/app https://acme.dev:8080/a@b ssh://git@acme.dev/x\n"],
    [
      "a database on this machine",
      "postgres://postgres:postgres@localhost:5432/app redis://:devpass1@redis:6379 mysql://a:b12345@127.0.0.1/x\n",
    ],
    [
      "a URL of documentation",
      "https://user:password@acme.dev/ https://alice:wonderland1@example.com/ amqp://u:changeme1@q.acme.dev\n",
    ],
    ["an image in base64", `url(data:image/png;base64,${hash("i", "base64").repeat(20)})\n`],
    [
      "prose in base64",
      `data: ${Buffer.from("nothing to see here, only some words about tokens").toString("base64")}\n`,
    ],
    ["a token without a signature", `${jwtOf({ sub: "u1" }, "")}\n`],
    [
      "the token that every page about tokens shows",
      `${jwtOf({ sub: "1234567890", name: "John Doe" }, hash("j", "base64").slice(0, 40).replace(/[+/]/g, "a"))}\n`,
    ],
    [
      "code with telling names",
      "const token = parser.nextToken(lexer2);\nthis.password = hashPassword(input1, salt2);\nkey: ed25519.Ed25519PrivateKey\n",
    ],
    [
      "names of secrets",
      'secretName: "my-k8s-app-secret-v2"\ntokenType: "urn-ietf-params-oauth-jwt-1"\npassword: "input-password-field-2"\n',
    ],
    [
      "tokens that only count pages",
      `nextPageToken: "${hash("n", "base64").slice(0, 40)}"\ncsrf_token = "${hash("o", "base64").slice(0, 40)}"\n`,
    ],
    ["colours and versions", "--token-color-bg-200: #a1b2c3d4;\ntoken: v1.22.333-rc.4+build.5678\n"],
    [
      "the storage emulator of Azure",
      `AccountKey=${["Eby8vdM02xNOcqFlqUwJPLlmEtl", "CDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="].join("")}\n`,
    ],
    [
      "words a person has put together",
      'password: "correct-horse-battery-staple-9"\nsecret: "TestingPurposesOnly2024"\n',
    ],
    ["class names and namespaces", '<a class="xapp-main-menu xoxb-like">SG.Config.Settings hf_model r8_quant</a>\n'],
    ["a source map", '{"mappings":"AAAA,SAASA,EAAQC,GACxB,OAAOA,CACR,CAEA,MAAMC,EAAI","names":["token","secret"]}\n'],
    ["a publishable key", `pk_live_${hash("s").slice(0, 24)}\nNEXT_PUBLIC_API_KEY=${hash("t").slice(0, 32)}\n`],
  ];
  it.each(lookAlikes)("in %s", async (_what, text) => expect(await rulesIn(text)).toEqual([]));

  it("in what is said to be missed: see docs/secrets.md", async () => {
    const { text, secret } = plant("github personal token");
    const missed: [string, string | Buffer][] = [
      ["a bare random value", `${hash("bare").slice(0, 64)}\n`],
      ["a UUID after a telling name", 'api_key: "7c1f4a52-2f0e-4d6a-9f54-0b8a6f7f6a11"\n'],
      ["base64 of base64", Buffer.from(Buffer.from(text).toString("base64")).toString("base64")],
      ["hex", Buffer.from(text).toString("hex")],
      ["a value put together at run time", `"${secret.slice(0, 20)}" + "${secret.slice(20)}"`],
      ["compressed", gzipSync(text)],
    ];
    for (const [what, content] of missed) expect(await rulesIn(content), what).toEqual([]);
  });

  it("in our own sources", async () => {
    const root = resolve(import.meta.dirname, "../../..");
    const list = execFileSync(
      "git",
      ["ls-files", "functions", "infra", "stacks", "scripts", "docs", "*.json", "*.md"],
      {
        cwd: root,
        encoding: "utf8",
      },
    );
    const found: string[] = [];
    for (const path of list.split("\n").filter(Boolean)) {
      for (const { line, rule } of await findingsIn(readFileSync(join(root, path))))
        found.push(`${path}:${line} ${rule}`);
    }
    expect(found).toEqual([]);
  });
});

describe("what stood there before", () => {
  it("is not reported again, wherever in the file it stands now, and what is new beside it is", async () => {
    const old = plant("api key in code").text;
    const added = plant("stripe live key").text;
    expect((await scan(`// moved down\n\n${old}`, [old])).findings).toEqual([]);
    expect((await scan(`${old}${added}`, [old])).findings.map(({ line }) => line)).toEqual([2]);
    expect((await scan(Buffer.from(old).toString("base64"), [old])).findings).toEqual([]);
  });

  it("counts in any of several earlier versions", async () => {
    const [one, two] = [plant("linear key").text, plant("notion token").text];
    expect((await scan(one + two, [one, two])).findings).toEqual([]);
    expect((await scan(one + two, [two])).findings).toHaveLength(1);
  });
});

describe("a fingerprint", () => {
  it("is the same for the same secret in any file, and another for another", async () => {
    const [first] = await findingsIn(plant("google api key").text);
    const [again] = await findingsIn(`a: 1\n  b: '${plant("google api key").secret}'`);
    const [other] = await findingsIn(plant("google api key", 1).text);
    expect(again?.fingerprint).toBe(first?.fingerprint);
    expect(other?.fingerprint).not.toBe(first?.fingerprint);
  });

  it("that is allowed lets its secret pass under all its names, and no other", async () => {
    for (const kind of ["rsa key, pkcs8", "ed25519 key", "database url", "npm token", "github personal token"]) {
      const { text } = plant(kind);
      const allowed = (await findingsIn(text)).map(({ fingerprint }) => fingerprint);
      expect(allowed, kind).toHaveLength(1);
      expect((await scan(text, [], allowed)).findings, kind).toEqual([]);
      expect((await scan(plant(kind, 1).text, [], allowed)).findings, kind).toHaveLength(1);
    }
  });

  it("that is allowed does not cover another secret at the same place", async () => {
    const [one, two] = [plant("linear key"), plant("notion token")];
    const [{ fingerprint = "" } = {}] = await findingsIn(one.text);
    const together = Buffer.from(one.text + two.text).toString("base64");
    expect((await scan(together, [], [fingerprint])).findings.map(({ rule }) => rule)).toEqual(["notion"]);
    const url = `postgres://app:${two.secret}@db.acme.dev/${one.secret}`;
    expect((await scan(url, [], [fingerprint])).findings).toHaveLength(1);
  });

  it("of a short password gives away one character in eight at most", async () => {
    const [finding] = await findingsIn(plant("database url, human password").text);
    expect(finding?.hint).toBe("W");
  });

  it("is made for the first secrets of very many, and the rest are not called clean", async () => {
    const text = Array.from({ length: 300 }, (_, copy) => plant("google api key", copy).text).join("");
    const first = await scan(text);
    expect(first).toMatchObject({ tooMany: true, findings: { length: 100 } });
    const half = text.slice(0, text.length / 2);
    expect((await scan(half)).tooMany).toBe(false);
  });
});

function wrap(base64: string): string {
  return base64.replace(/.{76}/g, "$&\n");
}
