// Does each of the twelve ways still ask for what docs/performance.md says? Whoever adds a request measures again.
import { expect, it } from "vitest";
import { requestsOf } from "../../scripts/cost/combine.ts";
import { readResults } from "./page.ts";
import { floorOf } from "./requests/floor.ts";
import { walkTwelve } from "./requests/walk-twelve.ts";

/** Where something is waited for, a look more or less is by chance. */
const chance = 3;

it("no way of a task asks for more than the page says, and its floor is the one of the page; else run `npm run bench -- requests`", async () => {
  const rows = readResults().find(({ name }) => name === "requests")?.rows ?? [];
  const { twelve } = await walkTwelve();
  expect(Object.keys(twelve)).toHaveLength(12);
  for (const [what, counts] of Object.entries(twelve)) {
    const row = rows.find((one) => one.what === what);
    expect(row?.beside, what).toContain(`floor of ${floorOf(counts)}`);
    expect(requestsOf(counts), what).toBeLessThanOrEqual((row?.median ?? 0) + chance);
  }
}, 240_000);
