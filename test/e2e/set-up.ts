// Before the stories in the browser: Chromium is there, or installed where that can be done, and the dashboard is built.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { ensureDashboard } from "../../scripts/build-dashboard.ts";
import { chromiumPath } from "./browser.ts";

export async function setup(): Promise<void> {
  if (!existsSync(chromiumPath)) installChromium();
  await ensureDashboard((line) => console.log(line));
}

function installChromium(): void {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error(`There is no ${chromiumPath}. Install Chromium (on Debian: sudo apt-get install chromium).`);
  }
  console.log("installing Chromium from Debian");
  const options = {
    stdio: ["ignore", "ignore", "inherit"] as const,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  execFileSync("apt-get", ["update", "-qq"], { ...options, stdio: [...options.stdio] });
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], {
    ...options,
    stdio: [...options.stdio],
  });
}
