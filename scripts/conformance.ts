// Does a deployed stage do what drover promises? `npm run conformance -- --aws https://… --repository https://…`
import { parseArgs } from "node:util";
import { production } from "../stacks/settings.ts";
import { openWorkspace } from "./conformance/own-workspace.ts";
import { stories } from "./conformance/stories.ts";
import { priceSandbox } from "./cost/sandbox.ts";

/** None of a stage is larger. */
const dearest = { ...production.sandbox, architecture: "X86_64", hasPublicAddress: true } as const;

const usage = `npm run conformance -- --aws URL --repository URL [--webhook URL]

  --aws         the address of the stage, as its deploy has printed it
  --repository  one that may be pushed to: a branch is made and deleted again
  --webhook     an https address that answers 2xx, to see that a notice arrives

  DROVER_API_KEY    a super admin's key
  DROVER_GIT_TOKEN  lets into the repository, unless it is open to all`;

const longestMinutes = 15;

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { aws: { type: "string" }, repository: { type: "string" }, webhook: { type: "string" } },
  });
  const { DROVER_API_KEY: key, DROVER_GIT_TOKEN: token } = process.env;
  const { aws: url, repository, webhook } = values;
  if (!url || !repository || !key) {
    console.error(
      `${usage}\n\nMissing: ${[!url && "--aws", !repository && "--repository", !key && "DROVER_API_KEY"].filter(Boolean).join(", ")}`,
    );
    return false;
  }
  const sandboxes = stories.reduce((sum, story) => sum + story.sandboxes, 0);
  const bound = sandboxes * priceSandbox(dearest, longestMinutes);
  console.log(
    `${stories.length} stories in a workspace of their own: at most ${sandboxes} sandboxes for ${longestMinutes} minutes each, so at most $${bound.toFixed(2)}.`,
  );
  const workspace = await openWorkspace({ url: url.replace(/\/$/, ""), key, repository, token, webhook });
  let failures = 0;
  try {
    for (const { name, tell } of stories) {
      try {
        console.log(`  ok      ${name} (${await tell(workspace)})`);
      } catch (error) {
        failures += 1;
        console.log(`  FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    await workspace.close();
  }
  console.log(
    failures === 0 ? `All hold. ${workspace.name} is stopped, and its key is revoked.` : `${failures} failed.`,
  );
  return failures === 0;
}

main().then(
  (isGood) => process.exit(isGood ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
