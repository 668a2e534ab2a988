// `drover mcp`: the server that an assistant starts, and speaks to over the standard streams.
import { Command } from "@commander-js/extra-typings";
import { openCli, requireOwnWorkspace } from "../cli.ts";
import { note } from "../terminal.ts";

const snippet = `
For an assistant's configuration:
  { "mcpServers": { "drover": { "command": "/path/to/drover/node_modules/.bin/node", "args": ["/path/to/drover/scripts/drover.mjs", "mcp"],
      "env": { "DROVER_URL": "http://127.0.0.1:8787", "DROVER_API_KEY": "drv_…" } } } }`;

export const mcpCommand = (version: string) =>
  new Command("mcp")
    .description("Serves the tools of the Model Context Protocol over the standard streams, for an assistant")
    .addHelpText("after", snippet)
    .action(async (_options, command) => {
      const cli = openCli(command);
      await requireOwnWorkspace(cli);
      const { serveStdio } = await import("@modelcontextprotocol/server/stdio");
      const { createMcpServer } = await import("../../mcp/server.ts");
      serveStdio(() => createMcpServer(cli, version), { onerror: (error) => note(`drover mcp: ${error.message}`) });
    });
