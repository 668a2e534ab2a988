// Which attacks are there? All of them, by what they are aimed at.
import { bombVectors } from "./bombs.ts";
import { fileVectors } from "./files.ts";
import { floodVectors } from "./floods.ts";
import { gateVectors } from "./gates.ts";
import { gitVectors } from "./git.ts";
import { kernelVectors } from "./kernel.ts";
import { networkVectors } from "./network.ts";
import { processVectors } from "./processes.ts";
import { proxyVectors } from "./proxy.ts";
import { tokenVectors } from "./tokens.ts";
import type { Vector } from "./vector.ts";

export const chapters = {
  processes: processVectors,
  kernel: kernelVectors,
  network: networkVectors,
  proxy: proxyVectors,
  files: fileVectors,
  git: gitVectors,
  tokens: tokenVectors,
  gates: gateVectors,
  floods: floodVectors,
  bombs: bombVectors,
} satisfies Record<string, readonly Vector[]>;

export type ChapterName = keyof typeof chapters;
