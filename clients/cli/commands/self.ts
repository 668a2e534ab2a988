// `drover whoami`, `audit`: who is calling, and what an auditor takes along.
import { Writable } from "node:stream";
import { Command } from "@commander-js/extra-typings";
import { ask } from "../../client.ts";
import { openCli } from "../cli.ts";
import { given } from "../inputs.ts";
import { printFields } from "../table.ts";
import { print, printJson } from "../terminal.ts";

export const whoamiCommand = () =>
  new Command("whoami")
    .description("Says where drover is, and who is calling with which rights")
    .action(async (_options, command) => {
      const cli = openCli(command);
      const { keyId, name, principal, role, workspace } = await ask(cli.api.GET("/api/session"));
      const { url, urlFrom, keyFrom } = cli.place;
      if (cli.json) return printJson({ url, keyId, name, principal, role, workspace });
      printFields([
        ["Address", `${url} (from ${urlFrom})`],
        ["Key", `${keyId}, ${name} (from ${keyFrom})`],
        ["Principal", principal],
        ["Role", role],
        ["Workspace", workspace],
      ]);
    });

export const auditCommand = () =>
  new Command("audit")
    .description("Exports the audit log and its signed digests, for drover verify")
    .addCommand(exportAudit())
    .addCommand(digests())
    .addCommand(publicKey());

const exportAudit = () =>
  new Command("export")
    .description("Streams the audit log as NDJSON")
    .option("--from <time>", "from this moment on, as 2026-11-01T00:00:00Z")
    .option("--to <time>", "before this moment")
    .addHelpText("after", "\nExample:\n  drover audit export > audit.ndjson")
    .action(async (options, command) => {
      const cli = openCli(command);
      const query = { ...given(options), ...cli.namedWorkspace } as Record<string, never>;
      await pour(cli.api.GET("/api/orchestrator/audit/export", { params: { query }, parseAs: "stream" }));
    });

const digests = () =>
  new Command("digests")
    .description("Streams the daily digests that the audit log is verified against, one a line")
    .addHelpText("after", "\nExample:\n  drover audit digests > digests.ndjson")
    .action(async (_options, command) => {
      const cli = openCli(command);
      await pour(
        cli.api.GET("/api/orchestrator/audit/digests", { params: { query: cli.namedWorkspace }, parseAs: "stream" }),
      );
    });

const publicKey = () =>
  new Command("key")
    .description("Prints the public key of the digests' signatures")
    .action(async (_options, command) => {
      const cli = openCli(command);
      const key = await ask(cli.api.GET("/api/orchestrator/audit/key"));
      if (cli.json) printJson(key);
      else print(key.publicKey);
    });

async function pour(call: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<void> {
  const body = (await ask(call)) as ReadableStream<Uint8Array>;
  await body.pipeTo(Writable.toWeb(process.stdout), { preventClose: true });
}
