// Is the end of a stream kept, whatever the pieces?
import { expect, it } from "vitest";
import { keepEnd } from "../../functions/sandbox/kept-end.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";

it.each([
  ["nothing", []],
  ["less than there is room for", [3, 4]],
  ["exactly as much", [4, 6]],
  ["more, over the edge of the ring", [7, 8]],
  ["much more at once", [3, 45]],
  ["one by one", Array(37).fill(1)],
  ["all sizes", [1, 12, 3, 10, 20, 2, 9, 11, 5]],
])("what is kept of %s is the last of it", (_name, sizes: number[]) => {
  const end = keepEnd(10);
  let all = Buffer.alloc(0);
  for (const size of sizes) {
    const piece = Buffer.from(Array.from({ length: size }, (_, at) => (all.length + at) % 256));
    end.write(piece);
    all = Buffer.concat([all, piece]);
    expect(end.read().equals(all.subarray(-10))).toBe(true);
    expect(end.length).toBe(Math.min(10, all.length));
  }
});

it("a log of three megabytes keeps its beginning and its end, in pieces of any size, and says what is missing", () => {
  const all = Buffer.alloc(3 * 2 ** 20, "0123456789\n");
  for (const pieceBytes of [997, 65_536, all.length]) {
    const log = new OutputLog();
    for (let at = 0; at < all.length; at += pieceBytes) log.write(all.subarray(at, at + pieceBytes));
    const cut = all.length - 2 ** 20;
    const gap = Buffer.from(`\n[drover] ${cut} bytes of output were left out here\n`);
    expect(log.read().equals(Buffer.concat([all.subarray(0, 2 ** 19), gap, all.subarray(-(2 ** 19))]))).toBe(true);
    expect(log.lastText(10)).toBe(all.toString().trimEnd().slice(-10));
  }
});
