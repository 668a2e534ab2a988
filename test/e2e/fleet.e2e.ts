import { expect, it } from "vitest";
import { expectAccessible, signIn, takePicture, useBrowser } from "./browser.ts";
import { useDashboardStack } from "./stack.ts";

const stack = useDashboardStack();
const browser = useBrowser();

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

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
