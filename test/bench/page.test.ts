// Does docs/performance.md say what was measured, and of every bench?
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compare, median, percentile, rowOf, takeTurns } from "./bench.ts";
import { benches } from "./benches.ts";
import { beginOf, keepResult, pagePath, readResults, redrawPage } from "./page.ts";

const page = readFileSync(pagePath, "utf8");

it("the page says what the results say; else run `npm run bench -- NAME`", () => {
  expect(redrawPage(page)).toBe(page);
});

it("a result that changes, changes the page", () => {
  for (const result of readResults()) {
    const [first, ...rest] = result.rows;
    if (!first) throw new Error(`${result.name} has no rows`);
    const changed = { ...result, rows: [{ ...first, median: first.median + 1000 }, ...rest] };
    expect(redrawPage(page, [changed])).not.toBe(page);
  }
});

it("every bench has its place on the page and a result, which says of itself what the bench does", async () => {
  const results = readResults();
  expect(results.map(({ name }) => name).sort()).toEqual(Object.keys(benches).sort());
  for (const [name, load] of Object.entries(benches)) {
    expect(page).toContain(beginOf(name));
    const { measure: _, ...description } = (await load()).bench;
    expect(results.find((result) => result.name === name)).toMatchObject(description);
  }
});

it("what --full has measured is not overwritten by a run without it, which says so", () => {
  const [result] = readResults();
  if (!result) throw new Error("nothing is kept");
  const path = join(import.meta.dirname, "results", `${result.name}.json`);
  const before = readFileSync(path, "utf8");
  expect(keepResult({ ...result, full: false }, [{ ...result, full: true }])).toContain(`${result.name} --full`);
  expect(readFileSync(path, "utf8")).toBe(before);
});

it("a section ends in the commit that was measured, where there was one", () => {
  for (const result of readResults())
    expect(redrawPage(page, [{ ...result, commit: "1234abc" }])).toContain(
      `${result.at.slice(0, 10)}, commit 1234abc, `,
    );
});

it("the ways that are compared are measured in turn, each under its name", async () => {
  let turn = 0;
  const { ours, theirs } = await compare({ ours: () => ++turn, theirs: async () => `${++turn}` }, 2);
  expect([ours, theirs]).toEqual([
    [3, 5],
    ["4", "6"],
  ]);
});

it("subjects take turns in every round, and the first round is not kept", async () => {
  const turns: string[] = [];
  const samples = await takeTurns(["a", "b"], 2, async (subject) => turns.push(subject));
  expect(turns).toEqual(["a", "b", "a", "b", "a", "b"]);
  expect([...samples]).toEqual([
    ["a", [3, 5]],
    ["b", [4, 6]],
  ]);
});

it.each([[[]], [[1, Number.NaN, 3]]])("what was not measured, or not always, becomes no row: %j", (sample) => {
  expect(() => rowOf("clones", "git", "ms", sample)).toThrow('"git" of "clones" was not measured');
});

it("a median is the one in the middle, or the mean of two", () => {
  expect([[3, 1, 2], [4, 1, 2, 3], [7]].map(median)).toEqual([2, 2.5, 7]);
});

it("of a hundred values the 99th is the one that ninety-nine do not exceed", () => {
  const sample = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0, 0.5, 0.99, 1].map((part) => percentile(sample, part))).toEqual([1, 50, 99, 100]);
});
