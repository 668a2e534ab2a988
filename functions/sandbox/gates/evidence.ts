// What have the gates of a round printed? One text for people, no longer than the API can answer with.
import type { Judged } from "./run-gate.ts";

const maxBytes = 4 * 1024 * 1024;

/** What is too long loses its middle, so that a gate that talks a lot takes nothing from the others. */
export function writeEvidence(judged: readonly Judged[]): Buffer {
  const printed = judged.filter(({ output }) => output.length > 0);
  const shareBytes = Math.floor(maxBytes / Math.max(1, printed.length));
  const sections = printed.map(({ verdict: { gate, outcome }, output }) => {
    const head = `[drover] gate ${gate}: ${outcome}\n`;
    return Buffer.concat([Buffer.from(head), shorten(output, shareBytes - head.length - 1), Buffer.from("\n")]);
  });
  return Buffer.concat(sections);
}

function shorten(output: Buffer, mostBytes: number): Buffer {
  if (output.length <= mostBytes) return output;
  const gap = Buffer.from("\n[drover] what lies between is not kept\n");
  const halfBytes = Math.floor((mostBytes - gap.length) / 2);
  return Buffer.concat([output.subarray(0, halfBytes), gap, output.subarray(-halfBytes)]);
}
