// Does a stack come before the agents' sessions, however many they make?
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { takePrecedence } from "../../../infra/local/precedence.ts";

const file = (pid: number | "self") => `/proc/${pid}/autogroup`;
const children: ReturnType<typeof spawn>[] = [];
afterEach(() => children.splice(0).map((child) => child.kill("SIGKILL")));

function startSession(): number {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  children.push(child);
  return child.pid ?? 0;
}

it.skipIf(process.getuid?.() !== 0 || !existsSync(file("self")))("of its session alone the kernel is told", () => {
  const [stack, agent] = [startSession(), startSession()];
  takePrecedence(stack);
  expect(readFileSync(file(stack), "utf8")).toContain("nice -20");
  expect(readFileSync(file(agent), "utf8")).toContain("nice 0");
});

it("a process that is gone, or may not be told of, stops nobody", () => {
  expect(() => takePrecedence(2 ** 22 + 1)).not.toThrow();
});
