// Does the dashboard hold a thousand running tasks, and stop them? What acts for their sandboxes beats as supervisors do.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dashboardDir } from "../../scripts/build-dashboard.ts";
import { Heart } from "../bench/fan-out/beat.ts";
import { aBeat, requestFor, wordsOf } from "../bench/stack/life.ts";
import { makeRepository } from "../bench/stack/make-repository.ts";
import { startRememberingRemote } from "../bench/stack/remembering-remote.ts";
import { runMany } from "../bench/stack/run-many.ts";
import { type Puppet, type PuppetStack, startPuppets } from "../bench/stack/start-puppets.ts";
import { call } from "../support/stack.ts";
import { expectAccessible, signIn, takePicture, useBrowser } from "./browser.ts";

const many = 1_000;
const beatEveryMs = 30_000;
const home = mkdtempSync(join(tmpdir(), "drover-thousand-"));
const browser = useBrowser();
let remote: Awaited<ReturnType<typeof startRememberingRemote>>;
let stack: PuppetStack;
let puppets: Puppet[] = [];
let taskIds: string[] = [];

beforeAll(async () => {
  remote = await startRememberingRemote(makeRepository(join(home, "repository")));
  // The last one takes a minute or two to come.
  stack = await startPuppets({ DROVER_SLOTS: String(many), DROVER_LEASE_MS: "600000" }, dashboardDir);
  const requestOf = (n: number) => ({
    ...requestFor(remote.url),
    ...{ title: `Task-${n}-of-many`, priority: 1 + (n % 10) },
  });
  ({ taskIds, puppets } = await runMany(stack, many, requestOf));
}, 400_000);
afterAll(async () => {
  await stack?.close();
  await remote?.close();
  rmSync(home, { recursive: true, force: true });
});

const statusOf = async (n: number) =>
  (await call({ local: stack }, "GET", `/api/orchestrator/tasks/${taskIds[n]}`)).body.status;

it("a thousand running tasks are listed live, with few elements, while all of them beat, and found by their words", async () => {
  const beating = new Heart(puppets.slice(1), beatEveryMs).beat(beatEveryMs);
  const page = await browser.open();
  await signIn(page, stack);
  await page.getByText("1,000 tasks shown").waitFor({ timeout: 60_000 });
  expect(await page.getByRole("listitem").count()).toBeLessThan(80);
  await page.getByLabel("Search").fill("task-0-of-many");
  const row = page.getByRole("link", { name: /Task-0-of-many/ });
  await row.getByText("running").waitFor();
  await page.getByText("1 task shown").waitFor();
  const [first] = puppets;
  for (const [verb, body] of wordsOf(taskIds[0] ?? "").slice(1)) await first?.say(verb, body);
  await first?.end();
  await row.getByText("completed").waitFor();
  await page.getByLabel("Search").fill("");
  const longestTaskMs = (await page.evaluate(scrollAndMeasure)) as number;
  expect(longestTaskMs).toBeLessThan(1_000);
  await takePicture(page, "thousand");
  await expectAccessible(page);
  const { answeredMs } = await beating;
  expect(answeredMs.length).toBeGreaterThan(many / 2);
});

/** The longest time the page was busy while it was scrolled to its end and back. */
const scrollAndMeasure = `new Promise((resolve) => {
  let longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ entryTypes: ["longtask"] });
  let step = 0;
  const move = () => {
    step += 1;
    scrollTo(0, (step <= 30 ? step / 30 : 2 - step / 30) * document.documentElement.scrollHeight);
    if (step < 60) requestAnimationFrame(move);
    else setTimeout(() => resolve(longest), 300);
  };
  move();
})`;

it("kill all names how many it will stop, and stops them; release admits again", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("menuitem", { name: /Kill all of default/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/999 /).first().waitFor();
  await takePicture(page, "kill-all");
  await dialog.getByLabel("Reason").fill("a drill");
  await dialog.getByRole("button", { name: "Kill all" }).click();
  await page.getByText(/999 of 999 tasks killed, 0 failed/).waitFor({ timeout: 350_000 });
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await page.getByText("Stopped: workspace default").waitFor();
  await page
    .getByText(/killed\s*999/)
    .first()
    .waitFor();
  expect(await statusOf(many - 1)).toBe("killed");
  await expect(puppets[1]?.say("beat", aBeat(1_000_000))).rejects.toThrow("409");
  await page.getByRole("button", { name: "Release" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("over");
  await page.getByRole("dialog").getByRole("button", { name: "Release" }).click();
  await page.getByText("Stopped: workspace default").waitFor({ state: "hidden" });
  await stack.puppetOf(await stack.submit({ ...requestFor(remote.url), title: "After the stop" }));
  await page.getByRole("link", { name: /After the stop/ }).waitFor();
}, 400_000);

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
