// Is a file that is not text a picture, a font or the like? Its name and its first bytes have to agree.

interface Medium {
  kind: string;
  endings: readonly string[];
  /** One byte per character; one of them stands there. */
  begins: readonly string[];
  /** What precedes them. */
  at?: number;
}

/** None of these is run by anything that builds or tests a project. */
const media: readonly Medium[] = [
  { kind: "PNG image", endings: ["png"], begins: ["\x89PNG\r\n\x1a\n"] },
  { kind: "JPEG image", endings: ["jpg", "jpeg"], begins: ["\xff\xd8\xff"] },
  { kind: "GIF image", endings: ["gif"], begins: ["GIF87a", "GIF89a"] },
  { kind: "WebP image", endings: ["webp"], begins: ["WEBP"], at: 8 },
  { kind: "AVIF image", endings: ["avif"], begins: ["ftypavif", "ftypavis"], at: 4 },
  { kind: "icon", endings: ["ico"], begins: ["\0\0\x01\0"] },
  { kind: "WOFF font", endings: ["woff"], begins: ["wOFF"] },
  { kind: "WOFF2 font", endings: ["woff2"], begins: ["wOF2"] },
  { kind: "TrueType font", endings: ["ttf"], begins: ["\0\x01\0\0", "true"] },
  { kind: "OpenType font", endings: ["otf"], begins: ["OTTO"] },
  { kind: "MP3 sound", endings: ["mp3"], begins: ["ID3", "\xff\xfb", "\xff\xf3", "\xff\xf2"] },
  { kind: "WAV sound", endings: ["wav"], begins: ["WAVE"], at: 8 },
  { kind: "Ogg sound", endings: ["ogg", "oga"], begins: ["OggS"] },
];

/** `content` with one byte per character. */
export function nameMedium(path: string, content: string): string | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const isOf = ({ endings, begins, at = 0 }: Medium) =>
    endings.includes(ending) && begins.some((bytes) => content.startsWith(bytes, at));
  return media.find(isOf)?.kind;
}
