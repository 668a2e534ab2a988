// Secrets of every kind that the scan knows, made at run time so that none stands in this repository. None is real.
import { createHash, generateKeyPairSync } from "node:crypto";
import { crc32 } from "node:zlib";

export interface Planted {
  /** How it stands in a file. */
  text: string;
  /** What must never be shown. */
  secret: string;
}

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const lower = upper.toLowerCase();
const digits = "0123456789";
const alphanumeric = upper + lower + digits;
const urlSafe = `${alphanumeric}_-`;
const hex = `${digits}abcdef`;

/** The same in every run: a test that finds today finds tomorrow. */
function makeRandom(seed: string): (length: number, set?: string) => string {
  let count = 0;
  return (length, set = alphanumeric) => {
    let text = "";
    for (; text.length < length; count += 1) {
      for (const byte of createHash("sha512").update(`${seed} ${count}`).digest()) text += set[byte % set.length];
    }
    return text.slice(0, length);
  };
}

/** GitHub's and npm's tokens end in a CRC-32 in base 62. */
function withChecksum(prefix: string, body: string): string {
  const set = digits + upper + lower;
  let sum = crc32(body);
  let end = "";
  for (; sum > 0; sum = Math.floor(sum / 62)) end = `${set[sum % 62]}${end}`;
  return prefix + body + end.padStart(6, "0");
}

const encode = (text: string) => Buffer.from(text).toString("base64");
const encodeUrl = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const frame = (kind: string, body: string) =>
  [`-----BEGIN ${kind}`, "-----\n", body, `\n-----END ${kind}`, "-----\n"].join("");

function pem(type: "pkcs1" | "pkcs8" | "sec1", key: "rsa" | "ec" | "ed25519", encrypted = false): string {
  const cipher = encrypted ? { cipher: "aes-256-cbc", passphrase: "p" } : {};
  const encoding = { privateKeyEncoding: { type, format: "pem", ...cipher } };
  // The overloads of Node's types want every combination spelt out.
  const options = { modulusLength: 1024, namedCurve: "P-256", ...encoding } as never;
  return (generateKeyPairSync(key as "ec", options) as unknown as { privateKey: string }).privateKey;
}

const whole = (secret: string): Planted => ({ text: `const value = "${secret}";\n`, secret });
const within = (before: string, secret: string, after = "\n"): Planted => ({
  text: `${before}${secret}${after}`,
  secret,
});

type Random = ReturnType<typeof makeRandom>;

const kinds: Record<string, (random: Random) => Planted> = {
  "aws access key id": (r) => whole(["AK", "IA", r(16, `${upper}234567`)].join("")),
  "aws temporary key id": (r) => whole(["AS", "IA", r(16, `${upper}234567`)].join("")),
  "aws secret key": (r) => within("AWS_SECRET_ACCESS_KEY=", r(40, `${alphanumeric}/+`)),
  "aws session token": (r) =>
    within("aws_session_token = ", ["IQoJb3Jp", "Z2lu", r(600, `${alphanumeric}/+`)].join("")),
  "github personal token": (r) => whole(withChecksum("gh" + "p_", r(30))),
  "github oauth token": (r) => whole(withChecksum("gh" + "o_", r(30))),
  "github app token": (r) => whole(withChecksum("gh" + "s_", r(30))),
  "github app token of the long form": (r) =>
    whole(["gh", "s_", r(7, digits), "_", r(20), ".", r(200), ".", r(43)].join("")),
  "github fine-grained token": (r) => whole(["github", "_pat_", r(22), "_", r(59)].join("")),
  "gitlab personal token": (r) => whole(["gl", "pat-", r(20, urlSafe)].join("")),
  "gitlab runner token": (r) => whole(["gl", "rt-", r(20, urlSafe)].join("")),
  "slack bot token": (r) => whole(["xo", "xb-", r(12, digits), "-", r(13, digits), "-", r(24)].join("")),
  "slack app token": (r) =>
    whole(["xa", "pp-1-A", r(10, upper + digits), "-", r(13, digits), "-", r(64, hex)].join("")),
  "slack webhook": (r) =>
    within(
      "url: https://",
      ["hooks.slack", ".com/services/T", r(9, upper + digits), "/B", r(9, upper), "/", r(24)].join(""),
    ),
  "rsa key, pkcs1": () => within("", pem("pkcs1", "rsa"), ""),
  "rsa key, pkcs8": () => within("", pem("pkcs8", "rsa"), ""),
  "rsa key, encrypted": () => within("", pem("pkcs8", "rsa", true), ""),
  "ec key, sec1": () => within("", pem("sec1", "ec"), ""),
  "ec key, pkcs8": () => within("", pem("pkcs8", "ec"), ""),
  "ed25519 key": () => within("", pem("pkcs8", "ed25519"), ""),
  "ed25519 key on one line": () => within("KEY='", pem("pkcs8", "ed25519").trim().replaceAll("\n", "\\n"), "'\n"),
  "ed25519 key, joined in code": () => {
    const secret = pem("pkcs8", "ed25519").trim().replaceAll("\n", '\\n" +\n  "');
    return within('const key = "', secret, '";\n');
  },
  "openssh key": (r) =>
    within("", frame("OPENSSH PRIVATE KEY", `b3BlbnNzaC1rZXktdjEA${r(50)}\n${r(70)}\n${r(30)}==`), ""),
  "pgp key": (r) => within("", frame("PGP PRIVATE KEY BLOCK", `Version: 1\n\n${r(64)}\n${r(64)}\n=${r(4)}`), ""),
  "der key in base64": () => {
    const body = pem("pkcs8", "ed25519").split("\n")[1] ?? "";
    return within("key: ", body);
  },
  "json web key": (r) => within('{"kty":"OKP","crv":"Ed25519","d":"', r(43, urlSafe), '","x":"public"}\n'),
  "age key": (r) => whole(["AGE-SECRET", "-KEY-1", r(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")].join("")),
  "putty key": (r) =>
    within("PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: ", r(40, hex)),
  "anthropic api key": (r) => whole(["sk-", "ant-", "api03-", r(93, urlSafe), "AA"].join("")),
  "anthropic oauth token": (r) => whole(["sk-", "ant-", "oat01-", r(93, urlSafe), "AA"].join("")),
  "openai project key": (r) => whole(["sk-", "proj-", r(74, urlSafe), "T3Blbk", "FJ", r(73, urlSafe), "A"].join("")),
  "openrouter key": (r) => whole(["sk-", "or-v1-", r(64, hex)].join("")),
  "hugging face token": (r) => whole(["h", "f_", r(34, upper + lower)].join("")),
  "groq key": (r) => whole(["g", "sk_", r(52)].join("")),
  "npm token": (r) => within("//registry.example.org/:_authToken=", withChecksum("np" + "m_", r(30))),
  "npm uuid token": (r) =>
    within("//registry.example.org/:_authToken=", [8, 4, 4, 4, 12].map((length) => r(length, hex)).join("-")),
  "pypi token": (r) => whole(["pypi-", "AgEIcHlwaS5vcmc", r(120, urlSafe), "a"].join("")),
  "docker token": (r) => whole(["dckr", "_pat_", r(27, alphanumeric)].join("")),
  "stripe live key": (r) => whole(["sk", "_live_", r(24)].join("")),
  "stripe webhook secret": (r) => whole(["wh", "sec_", r(32)].join("")),
  "sendgrid key": (r) => whole(["S", "G.", r(22), ".", r(43)].join("")),
  "google api key": (r) => whole(["AI", "za", r(34, urlSafe), "a"].join("")),
  "google oauth secret": (r) => whole(["GOC", "SPX-", r(27, urlSafe), "a"].join("")),
  "gcp service account": () => {
    const secret = JSON.stringify(pem("pkcs8", "rsa")).slice(1, -1);
    return within('{"type":"service_account","private_key_id":"1","private_key":"', secret, '","client_id":"1"}\n');
  },
  "azure storage key": (r) => within("DefaultEndpointsProtocol=https;AccountKey=", `${r(86)}==`, ";EndpointSuffix=x\n"),
  "azure service bus key": (r) => within("Endpoint=sb://x;SharedAccessKeyName=n;SharedAccessKey=", `${r(43)}=`),
  "azure sas url": (r) => within("https://x.blob.core.windows.net/c?sv=2024-11-04&sig=", `${r(43)}%3D`),
  "azure client secret": (r) => whole([r(3), "8", "Q~", r(34)].join("")),
  "telegram bot token": (r) => whole([r(10, "123456789"), ":A", "A", r(33, urlSafe)].join("")),
  "discord webhook": (r) =>
    within("url: https://", ["discord", ".com/api/webhooks/", r(19, "123456789"), "/", r(67, urlSafe), "a"].join("")),
  "digitalocean token": (r) => whole(["do", "p_v1_", r(64, hex)].join("")),
  "atlassian token": (r) => whole(["AT", "ATT3", r(180), "=", r(8, hex)].join("")),
  "terraform token": (r) => whole([r(14), ".atlas", "v1.", r(67)].join("")),
  "new relic key": (r) => whole(["NR", "AK-", r(27, upper + digits)].join("")),
  "postman key": (r) => whole(["PM", "AK-", r(24, hex), "-", r(34, hex)].join("")),
  "shopify token": (r) => whole(["sh", "pat_", r(32, hex)].join("")),
  "linear key": (r) => whole(["lin", "_api_", r(40)].join("")),
  "notion token": (r) => whole(["nt", "n_", r(11, digits), r(35)].join("")),
  "vercel token": (r) => whole(["vc", "p_", r(56)].join("")),
  "databricks token": (r) => whole(["da", "pi", r(32, hex)].join("")),
  "figma token": (r) => whole(["fi", "gd_", r(40)].join("")),
  "cloudflare token": (r) => whole(["cf", "ut_", r(40), r(8, hex)].join("")),
  "tailscale key": (r) => whole(["ts", "key-auth-", r(17), "-", r(32)].join("")),
  "grafana token": (r) => whole(["gl", "sa_", r(32), "_", r(8, hex)].join("")),
  "vault token": (r) => whole(["hv", "s.", r(95, urlSafe)].join("")),
  "vault batch token": (r) => whole(["hv", "b.", r(160, urlSafe)].join("")),
  "vault recovery token": (r) => whole(["hv", "r.", r(95, urlSafe)].join("")),
  "grafana cloud token": (r) => whole(["gl", "c_", encode(JSON.stringify({ o: "1", n: "n", k: r(24) }))].join("")),
  "1password token": (r) => whole(["op", "s_", encode(JSON.stringify({ email: "a@b", key: r(79), muk: {} }))].join("")),
  "1password token of another length": (r) =>
    whole(["op", "s_", encode(JSON.stringify({ email: "a@b", key: r(80), muk: {} }))].join("")),
  "supabase secret key": (r) => whole(["sb", "_secret_", r(22), "_", r(8)].join("")),
  "drover api key": (r) =>
    whole(["dr", "v_", r(26, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), "_", r(42, urlSafe), "a"].join("")),
  "xai key": (r) => whole(["x", "ai-", r(80)].join("")),
  "perplexity key": (r) => whole(["pp", "lx-", r(48)].join("")),
  "replicate token": (r) => whole(["r", "8_", r(37)].join("")),
  "discord bot token": (r) => whole(["M", r(23), ".", r(6), ".", r(38)].join("")),
  "mailgun key": (r) => whole(["ke", "y-", r(32, hex)].join("")),
  "brevo key": (r) => whole(["xkey", "sib-", r(64, hex), "-", r(16)].join("")),
  "aws bedrock key": (r) => whole(["AB", "SK", r(127, alphanumeric), "="].join("")),
  "azure devops token": (r) => whole([r(76), "AZ", "DO", r(4)].join("")),
  "rubygems key": (r) => whole(["ruby", "gems_", r(48, hex)].join("")),
  "crates.io token": (r) => whole(["ci", "o", r(32)].join("")),
  "nuget key": (r) => whole(["oy", "2", r(43, lower + digits)].join("")),
  "square token": (r) => whole(["sq", "0csp-", r(42, urlSafe), "a"].join("")),
  "heroku key": (r) => whole(["HR", "KU-AA", r(57, urlSafe), "a"].join("")),
  "doppler token": (r) => whole(["d", "p.st.prd.", r(42)].join("")),
  "pulumi token": (r) => whole(["pu", "l-", r(40, hex)].join("")),
  "sentry token": (r) => whole(["sn", "tryu_", r(64, hex)].join("")),
  "airtable token": (r) => whole(["pa", "t", r(14), ".", r(64, hex)].join("")),
  "planetscale password": (r) => whole(["psc", "ale_pw_", r(42, urlSafe), "a"].join("")),
  "json web token": (r) =>
    whole([encodeUrl({ alg: "HS256", typ: "JWT" }), encodeUrl({ sub: "u1", iat: 1 }), r(43)].join(".")),
  "bearer header": (r) => within('curl -H "Authorization: Bearer ', r(40, urlSafe), '"\n'),
  "basic header": (r) => within('curl -H "Authorization: Basic ', encode(`deploy:${r(20)}`), '"\n'),
  "database url": (r) => within("DATABASE_URL=postgres://app:", r(16), "@db.acme.dev:5432/app\n"),
  "database url, human password": () =>
    within("mongodb+srv://admin:", ["Winter", "2031!"].join(""), "@c1.acme.dev/app\n"),
  "url with basic auth": (r) => within("curl https://deploy:", r(16), "@repo.acme.dev/x\n"),
  netrc: (r) => within("machine repo.acme.dev login deploy password ", r(14)),
  "api key in code": (r) => within('const api_key = "', r(40), '";\n'),
  "password in yaml": (r) => within('password: "', r(18, `${alphanumeric}!#%&*`), '"\n'),
  "token in an env file": (r) => within("DEPLOY_TOKEN=", r(32, hex)),
  "secret in escaped json": (r) => within('"{\\"clientSecret\\": \\"', r(32), '\\"}"\n'),
  "secret as an argument": (r) => within("deploy --api-token ", r(32), " --now\n"),
  "secret in xml": (r) => within("<password>", r(24), "</password>\n"),
  "aws key in base64": (r) => {
    const secret = encode(["AK", "IA", r(16, upper), ":", r(40)].join(""));
    return within("data: ", secret);
  },
};

export const kindsOfSecrets = Object.keys(kinds);

/** `copy` asks for another one of the same kind. */
export function plant(kind: string, copy = 0): Planted {
  const make = kinds[kind];
  if (!make) throw new Error(`no kind of secret is called ${kind}`);
  return make(makeRandom(`${kind} ${copy}`));
}
