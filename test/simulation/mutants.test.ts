// Can every mutant still be made? A safeguard that has moved must be found again by a person.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { mutants } from "./mutants/list.ts";

const root = resolve(import.meta.dirname, "../..");

it.each(mutants.map(({ name, edits }) => ({ name, edits })))("what $name takes out is there, once", ({ edits }) => {
  for (const { file, find } of edits) {
    expect(readFileSync(join(root, file), "utf8").split(find), `${file}: ${find}`).toHaveLength(2);
  }
});

it("no two mutants have the same name", () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
