// Was a value made by a generator, or written by a person? Secrets are the former; names, paths and examples the latter.

/** Tokens of documentation. Too long to be there by chance, so no real token passes for one. */
const sample = /EXAMPLE|x{6}|\*{4}|\.{3}|(.)\1{7}|012345|123456|abcdef|deadbeef/i;

/** Something else is to be put there, by a program or by the reader. */
const blank =
  /\$\{|\$\(|\{\{|#\{|%\(|^%[A-Za-z_]+%$|^\$[A-Za-z_]|<[^>]*>|process\.env|environ|your[-_]?|change[-_.]?me|replace|placeholder/i;

/** Words that no generator writes. */
const word = /secret|passw|token|sample|dummy|fake|mock|foobar|insert|redact/i;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const minEntropyBits = 2.75;
const maxWordShare = 0.6;
/** Names are of both cases too. */
const maxWordShareWithoutDigits = 0.3;

export const isSample = (token: string) => sample.test(token);
export const isBlank = (value: string) => isSample(value) || blank.test(value);
export const isUuid = (value: string) => uuid.test(value);

export const namesSecret = (value: string) => word.test(value);

export function looksRandom(value: string): boolean {
  if (isBlank(value) || namesSecret(value) || isUuid(value) || /^sha\d{1,3}[-:]/i.test(value)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/].filter((one) => one.test(value));
  if (classes.length < 2) return false;
  const maxShare = /\d/.test(value) ? maxWordShare : maxWordShareWithoutDigits;
  return entropyBits(value) >= minEntropyBits && wordShare(value) < maxShare;
}

/** Bits per character, by how often each stands in the value. */
function entropyBits(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** How much of the letters and digits stands in what could be words: with a vowel, and few consonants on end. */
function wordShare(value: string): number {
  const plain = value.match(/[A-Za-z0-9]/g)?.length ?? 0;
  const words = (value.match(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g) ?? []).filter(
    (word) => word.length >= 4 && /[aeiouy]/i.test(word) && !/[^aeiouy]{4}/i.test(word),
  );
  return words.join("").length / Math.max(plain, 1);
}
