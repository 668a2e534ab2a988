// What came of every attack, for people? A line each, and at the end how many were tried and how many succeeded.
import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { pagePath, type Row, renderPage } from "./page.ts";

/** Vitest makes reporters with `new`. */
export default class Report implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const rows = judgeAll(tests);
    let chapter = "";
    for (const row of rows) {
      if (row.chapter !== chapter) console.log(`\n${row.chapter}`);
      ({ chapter } = row);
      console.log(`  ${describe(row)}`);
    }
    for (const { message } of [...unhandled, ...modules.flatMap((module) => module.errors())])
      console.log(`\n${message}`);
    for (const test of tests.filter((one) => one.result().state === "failed")) {
      console.log(
        `\n${test.name}\n  ${test
          .result()
          .errors?.map(({ message }) => message)
          .join("\n  ")}`,
      );
    }

    const notTried = rows.filter(({ outcome }) => outcome === "not tried");
    const undecided = rows.filter(({ outcome }) => outcome === "proves nothing");
    const succeeded = rows.filter(({ outcome }) => outcome === "succeeded");
    console.log("");
    if (notTried.length > 0) console.log(`${notTried.length} more cannot be tried on this machine`);
    if (undecided.length > 0) console.log(`${undecided.length} prove nothing, since they or their controls failed`);
    if (process.env.DROVER_SECURITY_PAGE === "write") writeFileSync(pagePath, renderPage(rows));
    console.log(`${rows.length - notTried.length} vectors, ${succeeded.length} succeeded`);
  }
}

/** One row for an attack and its control. A test that broke before it could say anything proves nothing. */
function judgeAll(tests: readonly TestCase[]): Row[] {
  const vectors = tests.flatMap((test) => {
    const tried = test.meta().vector;
    return tried ? [{ test, tried }] : [];
  });
  return vectors
    .filter(({ tried }) => tried.part === "attack")
    .map(({ test, tried }) => {
      const control = vectors.find((one) => one.tried.part === "control" && one.tried.attack === tried.attack);
      return { ...tried, outcome: judge(test, control?.test) };
    });
}

function judge(attack: TestCase, control: TestCase | undefined): Row["outcome"] {
  if (attack.result().state === "skipped") return "not tried";
  if (attack.result().errors?.some(({ message }) => message.startsWith("expected true to be false")))
    return "succeeded";
  return attack.ok() && control?.result().state === "passed" ? "refused" : "proves nothing";
}

function describe({ outcome, attack, heldBy, missing }: Row): string {
  if (outcome === "not tried") return `not tried  ${attack} (needs ${missing.join(", ")})`;
  if (outcome === "refused") return `refused    ${attack} (by ${heldBy}; succeeds without)`;
  return `${outcome.toUpperCase()}  ${attack}: held by ${heldBy}`;
}
