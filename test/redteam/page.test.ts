// Does docs/security.md tell of the attacks that there are, and of no others?
import { expect, it } from "vitest";
import { chapters } from "./chapters.ts";
import { readRows } from "./page.ts";

const vectors = Object.entries(chapters).flatMap(([chapter, some]) => some.map((vector) => ({ chapter, ...vector })));
const byAttack = (a: { attack: string }, b: { attack: string }) => (a.attack < b.attack ? -1 : 1);
const remedy = "run `npm run redteam:page`";

it("the page lists every vector with its safeguard, and none that is gone", () => {
  const inCode = vectors.map(({ chapter, attack, heldBy }) => ({ chapter, attack, heldBy })).toSorted(byAttack);
  const onPage = readRows().map(({ chapter, attack, heldBy }) => ({ chapter, attack, heldBy }));
  expect(onPage.toSorted(byAttack), remedy).toEqual(inCode);
});

it("the page was written when no attack succeeded and every control did", () => {
  for (const { attack, result } of readRows())
    expect(result, `${attack}: ${remedy}`).toMatch(/^(refused|not tried \(.+\))$/);
});

it("there are fifty vectors at least, each under a name of its own", () => {
  expect(vectors.length).toBeGreaterThanOrEqual(50);
  expect(new Set(vectors.map(({ attack }) => attack)).size).toBe(vectors.length);
});
