// Which values are secrets by where they stand? After a name that says so, or as the password of a URL.
import { isBlank, looksRandom, namesSecret } from "./randomness.ts";
import type { Rule } from "./rules.ts";

/** Random values without being secrets: `nextPageToken`, `csrf_token`, `PUBLIC_API_KEY`. */
const harmless = "(?<!(?:page|next|continuation|csrf|xsrf|sync|public|publishable|design)[_-]?)";
const noun =
  "(?:passw(?:or)?d|passphrase|secret|token|credentials?|(?:api|access|private|secret|signing|encryption|auth|master|shared)[_-]?key)";
/** The noun ends the name, or nearly: `secretName` and `token_type` hold no secret. */
const tail = "(?:[_-]?(?:key|base|value|prod|production|live|dev|staging|test|b64|base64|\\d{1,2})){0,2}";
const nameEnd = "[\\\\\"'`\\]]{0,3}[ \\t]{0,8}";
const quoted = (separator: string, minCharacters: number) =>
  `${separator}\\s{0,8}\\\\?["'\`](?<secret>[^\\s"'\`\\\\]{${minCharacters},500})\\\\?["'\`]`;
/** Without quotes it must not go on as code does: a call, a property, an index. */
const bare = "(?::=|=>|[:=>])[ \\t]{0,8}(?<secret>[A-Za-z0-9+/=_.~!@#%^&*-]{16,500})(?![\\w(\\[.+/=-])";
/** Where names and values are listed side by side, the next value may be another name. */
const values = [quoted("(?::=|=>|[:=>])", 12), quoted("[,(]", 20), bare];
/** Where a secret is kept, what type it has, or the version of something. */
const reference = /:\/\/|^(?:arn:|op:|vault:|projects\/)|^[a-z]\w*(?:\.[A-Za-z_]\w*)+$|^v?\d+\.\d+\.\d/;

const privateHost =
  /^(?:localhost|127\.|0\.0\.0\.0|\[|host\.docker\.internal|[^.]+$|(?:.+\.)?example\.(?:com|org|net)$|.+\.(?:example|test|local|invalid)$)/i;
const minPasswordCharacters = 6;
/** Of letters alone: below this it is rather a word of an example. */
const minLetters = 12;

export const assignmentRules: Rule[] = [
  {
    id: "assignment",
    keys: [],
    pattern: new RegExp(`${harmless}${noun}${tail}${nameEnd}(?:${values.join("|")})`, "gi"),
    accept: (value) => looksRandom(value) && !reference.test(value),
  },
  {
    id: "argument",
    keys: ["--"],
    pattern: new RegExp(`--(?:[a-z]{1,20}-){0,3}${noun}[ =]{1,2}["']?(?<secret>[^\\s"'\`]{12,500})`, "g"),
    accept: looksRandom,
  },
  {
    id: "url-password",
    keys: ["://"],
    pattern: /:\/\/(?<user>[^\s:@/?#"'`<>]{0,128}):(?<secret>[^\s:@/"'`<>]{3,256})@(?<host>[^\s/:?#"'`<>,]{1,255})/g,
    accept: (secret, { user, host = "" }) => secret !== user && isUrlPassword(secret, host),
  },
  {
    id: "netrc",
    keys: ["machine "],
    pattern:
      /\bmachine\s{1,8}[!-~]{1,255}\s{1,8}login\s{1,8}[!-~]{1,255}\s{1,8}password\s{1,8}(?<secret>[^\s"'`<>{}$]{6,256})/g,
    accept: (value) => isChosenPassword(value) && !namesSecret(value),
  },
];

/** Where nobody outside can connect, a password that a person made up is a habit, and no secret. */
function isUrlPassword(password: string, host: string): boolean {
  return looksRandom(password) || (!privateHost.test(host) && isChosenPassword(password));
}

function isChosenPassword(password: string): boolean {
  if (password.length < minPasswordCharacters || isBlank(password)) return false;
  if (/^[A-Za-z_.-]+$/.test(password)) return password.length >= minLetters && !namesSecret(password);
  return !/^[a-z]{0,10}[-_]?(?:password|passwd|pass|pwd|secret|token)\d{0,3}$/i.test(password);
}
