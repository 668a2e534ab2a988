// How can bytes be read as text? As they are, and as UTF-16 of either order.

/** In the place of whatever is no printable ASCII: neither a letter, nor a space, nor part of any secret's form. */
export const hole = "\x7f";

const holeByte = hole.charCodeAt(0);
const shown = Uint8Array.from({ length: 256 }, (_, byte) => (isPrintable(byte) ? byte : holeByte));

export function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < holeByte) || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** One after the other, so that one is in memory at a time. Line breaks stay: lines count as in an editor. */
export function* readTexts(bytes: Uint8Array): Generator<string, void, undefined> {
  yield readPlain(bytes);
  if (!bytes.includes(0)) return;
  yield readWide(bytes, 0);
  yield readWide(bytes, 1);
}

/** Any encoding that keeps ASCII as it is: secrets are ASCII. A binary becomes runs with holes between. */
export function readPlain(bytes: Uint8Array): string {
  const text = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) text[at] = shown[bytes[at] as number] as number;
  return text.toString("latin1");
}

/** Pairs of a character and a zero, wherever they begin: also strings within a program. `place` is the character's. */
function readWide(bytes: Uint8Array, place: 0 | 1): string {
  const text = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at + 1 < bytes.length; ) {
    const byte = bytes[at + place] as number;
    const found = bytes[at + 1 - place] === 0 && isPrintable(byte);
    if (found) text[length++] = byte;
    else if (length > 0 && text[length - 1] !== holeByte) text[length++] = holeByte;
    at += found ? 2 : 1;
  }
  return text.toString("latin1", 0, length);
}
