// `drover verify`: is an export of the audit log what was written? Offline.
import { Command } from "@commander-js/extra-typings";
import { CliError, exitCodes } from "../../clients/cli/exit-codes.ts";

const examples = `
Example:
  drover audit export > audit.ndjson && drover audit digests > digests.ndjson
  drover verify --export audit.ndjson --digests digests.ndjson --public-key trusted.pub`;

export const verifyCommand = () =>
  new Command("verify")
    .summary("Verifies an export of the audit log, offline")
    .description("Says whether an export of the audit log is what was written; exit code 1 when something was found")
    .requiredOption("--export <file>", "what drover audit export wrote")
    .requiredOption("--digests <path>", "what drover audit digests wrote, or a copy of the bucket's audit/digests/")
    .option("--public-key <key>", "the public key you trust, or a file with it; may be given again", append, [])
    .option("--of <workspace>", "the export is of this workspace only")
    .option("--from <time>", "the export is of this period only, as 2026-11-01T00:00:00Z")
    .option("--to <time>", "and before this moment")
    .addHelpText("after", examples)
    .action(async ({ publicKey: key, of: workspace, ...files }) => {
      const { verifyAudit } = await import("./verify-audit.ts");
      try {
        if (!(await verifyAudit({ ...files, key, workspace }))) process.exitCode = exitCodes.failed;
      } catch (error) {
        throw new CliError(describe(error), exitCodes.failed);
      }
    });

function describe(error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT") return message;
  return `There is no ${path}. Make it with drover audit export > FILE, and drover audit digests > FILE`;
}

function append(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
