// Which tokens are known by their form? Those that the library does not know, or knows some forms of only.
import { isUuid, looksRandom } from "./randomness.ts";
import type { Rule } from "./rules.ts";

const notWithin = "[A-Za-z0-9]";

/** Alternatives of one kind of token, none of which may begin or end in the middle of a longer word. */
function token(id: string, keys: string[], form: RegExp, accept?: Rule["accept"]): Rule {
  const pattern = new RegExp(`(?<!${notWithin})(?:${form.source})(?!${notWithin})`, "g");
  return { id, keys, pattern, ...(accept ? { accept } : {}) };
}

export const tokenRules: Rule[] = [
  token("anthropic", ["sk-ant-"], /sk-ant-[a-z]{3,10}\d\d-[\w-]{80,200}/),
  token("openai", ["T3BlbkFJ"], /sk-[\w-]{20,100}T3BlbkFJ[\w-]{20,100}/),
  token("openrouter", ["sk-or-v1-"], /sk-or-v1-[0-9a-f]{64}/),
  token("xai", ["xai-"], /xai-[A-Za-z0-9]{70,90}/),
  token("perplexity", ["pplx-"], /pplx-[A-Za-z0-9]{40,60}/),
  token("replicate", ["r8_"], /r8_[A-Za-z0-9]{37,40}/),
  token("github", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], /gh[opsur]_[A-Za-z0-9]{36,255}/),
  token("gitlab", ["gl"], /gl(?:pat|dt|rt|rtr|ptt|cbt|agent|soat|ffct|imt|oas|ft)-[\w.-]{20,300}/),
  token("slack", ["xox"], /xox[a-z](?:\.xox[a-z])?-\d[\w-]{20,300}/),
  token("slack", ["xapp-"], /xapp-\d-[A-Z0-9]{8,15}-\d{10,15}-[0-9a-f]{60,70}/),
  token(
    "slack-webhook",
    ["hooks.slack.com"],
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/]{30,200}/,
  ),
  token("discord-webhook", ["/api/webhooks/"], /discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[\w-]{60,80}/),
  token("discord", ["."], /[MNO][A-Za-z\d]{23,25}\.[\w-]{6}\.[\w-]{27,38}/, looksRandom),
  token("telegram", [":AA"], /\d{8,10}:AA[\w-]{33}/),
  token("sendgrid", ["SG."], /SG\.[\w-]{20,24}\.[\w-]{39,50}/),
  token("mailgun", ["key-"], /key-[0-9a-f]{32}/),
  token("brevo", ["xkeysib-"], /xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}/),
  token("google-api-key", ["AIza"], /AIza[\w-]{35}/),
  token("google-oauth", ["GOCSPX-", "ya29."], /GOCSPX-[\w-]{28}|ya29\.[\w-]{60,400}/),
  token("aws-bedrock", ["ABSK"], /ABSK[A-Za-z0-9+/]{100,270}={0,2}/),
  token("aws-session", ["IQoJb3JpZ2lu", "FwoGZXIvYXdz"], /(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/]{150,2500}={0,2}/),
  // The storage emulator's key is the same everywhere.
  token("azure", ["AccountKey="], /AccountKey=(?!Eby8vdM02xNOcqFlqUwJPLlmEtl)(?<secret>[A-Za-z0-9+/]{86}==)/),
  token("azure", ["SharedAccessKey="], /SharedAccessKey=(?<secret>[A-Za-z0-9+/]{43}=)/),
  token("azure", ["sig="], /sig=(?<secret>[A-Za-z0-9%+/]{43,70}(?:%3D|=))/),
  token("azure", ["Q~"], /[\w.~-]{3}\dQ~[\w.~-]{31,34}/),
  token("azure", ["AZDO"], /[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}/),
  token(
    "npm-auth",
    ["_auth", "_password"],
    /_(?:authToken|auth|password) {0,4}= {0,4}["']?(?<secret>[^\s"'$<{}]{16,400})/,
    isKey,
  ),
  token("npm", ["npm_"], /npm_[A-Za-z0-9]{36}/),
  token("pypi", ["pypi-AgE"], /pypi-AgE[\w-]{50,300}/),
  token("rubygems", ["rubygems_"], /rubygems_[0-9a-f]{48}/),
  token("crates", ["cio"], /cio[A-Za-z0-9]{32}/, looksRandom),
  token("nuget", ["oy2"], /oy2[a-z0-9]{43}/, looksRandom),
  token("docker", ["dckr_"], /dckr_(?:pat|oat)_[\w-]{27,60}/),
  token("stripe-webhook", ["whsec_"], /whsec_[A-Za-z0-9+/]{24,80}={0,2}/),
  token("square", ["sq0"], /sq0(?:atp|csp)-[\w-]{22,43}/),
  token("digitalocean", ["_v1_"], /do[opr]_v1_[0-9a-f]{64}/),
  token("atlassian", ["ATATT3", "ATCTT3", "ATBB"], /AT(?:ATT3|CTT3)[\w=-]{100,300}|ATBB[A-Za-z0-9]{32}/),
  token("heroku", ["HRKU-"], /HRKU-AA[\w-]{50,70}/),
  token("doppler", ["dp."], /dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[\w-]{2,35}\.)?[A-Za-z0-9]{40,44}/),
  token("pulumi", ["pul-"], /pul-[0-9a-f]{40}/),
  token("terraform", [".atlasv1."], /[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}/),
  token("newrelic", ["NRAK-"], /NRAK-[A-Z0-9]{27}/),
  token("sentry", ["sntry"], /sntry[su]_[\w+/=-]{60,400}/),
  token("postman", ["PMAK-"], /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/),
  token("airtable", ["pat"], /pat[A-Za-z0-9]{14}\.[0-9a-f]{64}/),
  token("supabase", ["sbp_", "sb_secret_"], /sbp_[0-9a-f]{40}|sb_secret_[\w-]{22}_[\w-]{8}/),
  token("planetscale", ["pscale_"], /pscale_(?:tkn|pw|oauth)_[\w.=-]{32,64}/),
  // The library knows those of one length in three.
  token("1password", ["ops_eyJ"], /ops_eyJ[\w+/-]{100,3000}={0,2}/),
  token("drover", ["drv_"], /drv_[0-9A-HJKMNP-TV-Z]{26}_[\w-]{43}/),
  // `1234567890` is the subject of the token that every page about them shows.
  token("jwt", ["eyJ"], /(?<![-_])eyJ[\w-]{10,2000}\.eyJ(?!zdWIiOiIxMjM0NTY3ODkwIi)[\w-]{10,8000}\.[\w-]{20,1000}/),
  token("bearer", ["earer "], /[Bb]earer {1,2}(?<secret>[\w.~+/-]{20,2000}={0,2})/, looksRandom),
  token("basic", ["asic "], /[Bb]asic {1,2}(?<secret>[A-Za-z0-9+/]{12,400}={0,2})/, isBasicAuth),
];

/** Old tokens of npm are UUIDs. */
function isKey(value: string): boolean {
  return isUuid(value) || looksRandom(value);
}

function isBasicAuth(encoded: string): boolean {
  const [, password = ""] =
    /^[!-9;-~]{1,100}:([!-~]{8,200})$/.exec(Buffer.from(encoded, "base64").toString("latin1")) ?? [];
  return looksRandom(password);
}
