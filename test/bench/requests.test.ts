// Does each of the twelve ways still ask for what docs/performance.md says? Whoever adds a request, or saves one, counts again.
import { beforeAll, expect, it } from "vitest";
import { readResults } from "./page.ts";
import { commandPath, failedPath, modelPath, unchangedPath, type Walked, walkTwelve } from "./requests/walk-twelve.ts";
import { fifteenMinutes, ratioOf, rowsOf } from "./requests.ts";

let walked: Walked;
beforeAll(async () => {
  walked = await walkTwelve();
}, 240_000);

it("each way of a task asks for just what the page says, as does its floor; else run `npm run bench -- requests`", () => {
  expect(Object.keys(walked.twelve)).toHaveLength(12);
  expect(rowsOf(walked)).toEqual(readResults().find(({ name }) => name === "requests")?.rows);
});

it.each([
  commandPath,
  unchangedPath,
  failedPath,
  modelPath,
])("%s: in fifteen minutes it asks for at most 1.2 times its floor", (straight) => {
  const [task, ...others] = fifteenMinutes(walked).filter(({ path }) => path === straight);
  expect(others).toEqual([]);
  expect(task && ratioOf(task.counts)).toBeLessThanOrEqual(1.2);
});
