import { expect, it } from "vitest";
import { ask } from "../../clients/client.ts";
import { until } from "../support/stack.ts";
import { expectAccessible, signIn, takePicture, useBrowser } from "./browser.ts";
import { useDashboardStack } from "./stack.ts";

const stack = useDashboardStack();
const browser = useBrowser();
const many = 1_000;
const atOnce = 5;

it("two browsers see the same: what one pauses and resumes, the other is told", async () => {
  const [first, second] = [await browser.open(), await browser.open({ colorScheme: "dark" })];
  await signIn(first, stack);
  await signIn(second, stack);
  await first.getByRole("button", { name: "Pause", exact: true }).click();
  await first.getByRole("dialog").getByLabel("Reason").fill("the remote is down");
  await first.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await second.getByText("Paused: workspace default").waitFor();
  const taskId = await stack.submit("true", { title: "Waits for the pause to end" });
  await second
    .getByRole("link", { name: /Waits for the pause/ })
    .getByText("queued")
    .waitFor();
  await second.getByRole("button", { name: "Resume" }).click();
  await second.getByRole("dialog").getByLabel("Reason").fill("it is up again");
  await second.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await first.getByText("Paused: workspace default").waitFor({ state: "hidden" });
  await stack.untilStatus(taskId, "completed");
});

it("a server that is away is said so, and what happened meanwhile is there when it is back", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const before = await stack.submit("sleep 6; echo done > done.txt", { title: "Ends while nobody looks" });
  await stack.untilStatus(before, "running");
  await page
    .getByRole("link", { name: /Ends while nobody looks/ })
    .getByText("running")
    .waitFor();
  await stack.goAway();
  await page.getByText(/disconnected for/).waitFor();
  await takePicture(page, "disconnected");
  await expectAccessible(page);
  await stack.comeBack();
  const later = await stack.submit("true", { title: "Made before the page was back" });
  await page.getByText("live", { exact: true }).first().waitFor({ timeout: 60_000 });
  await stack.untilStatus(before, "completed");
  await stack.untilStatus(later, "completed");
  for (const title of [/Ends while nobody looks/, /Made before the page was back/]) {
    await page.getByRole("link", { name: title }).getByText("completed").waitFor({ timeout: 60_000 });
  }
});

it("a thousand waiting tasks are listed live, with few elements, and found by their words", async () => {
  const body = { reason: "a thousand tasks" };
  const params = { path: { workspace: "default" } };
  await ask(stack.drover.api.POST("/api/orchestrator/workspaces/{workspace}/pause", { params, body }));
  for (let made = 0; made < many; made += atOnce) {
    await Promise.all(
      Array.from({ length: atOnce }, (_, index) =>
        stack.submit("true", { title: `Task-${made + index}-of-many`, priority: 1 + ((made + index) % 10) }),
      ),
    );
  }
  const page = await browser.open();
  await signIn(page, stack);
  await page.getByText(/1,00\d tasks shown/).waitFor({ timeout: 60_000 });
  expect(await page.getByRole("listitem").count()).toBeLessThan(80);
  await page.getByLabel("Search").fill("task-512-of-many");
  await page.getByRole("link", { name: /Task-512-of-many/ }).waitFor();
  await page.getByText("1 task shown").waitFor();
  await page.getByLabel("Search").fill("");
  const longestTaskMs = (await page.evaluate(scrollAndMeasure)) as number;
  expect(longestTaskMs).toBeLessThan(1_000);
  await takePicture(page, "thousand");
}, 800_000);

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

it("kill all names how many it will stop, and says how many it did; release admits again", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("menuitem", { name: /Kill all of default/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/1,000 waiting tasks/).waitFor();
  await takePicture(page, "kill-all");
  await dialog.getByLabel("Reason").fill("a drill");
  await dialog.getByRole("button", { name: "Kill all" }).click();
  await page.getByText(/1,000 of 1,000 tasks killed/).waitFor({ timeout: 350_000 });
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await page.getByText("Stopped: workspace default").waitFor();
  await page
    .getByText(/killed\s*1,000/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Release" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("over");
  await page.getByRole("dialog").getByRole("button", { name: "Release" }).click();
  await page.getByText("Stopped: workspace default").waitFor({ state: "hidden" });
  await until("a task is admitted", async () => {
    const params = { path: { workspace: "default" } };
    await ask(
      stack.drover.api.POST("/api/orchestrator/workspaces/{workspace}/resume", { params, body: { reason: "over" } }),
    );
    return stack.submit("true", { title: "After the stop" });
  });
  await page.getByRole("link", { name: /After the stop/ }).waitFor();
}, 400_000);

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
