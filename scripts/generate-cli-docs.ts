// Which page tells of the command line? Its own help texts, written to docs/cli.md.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { allCommands, fullName } from "../clients/cli/program.ts";
import { makeProgram } from "./drover/program.ts";

export const docsFile = resolve(import.meta.dirname, "../docs/cli.md");
const width = 110;

const header = `# The command line

<!-- Written by \`npm run generate\` from the help texts: change those, not this. -->

In a checkout \`npx drover\`, anywhere else where the package is installed \`drover\`. Completion: \`source <(drover completion bash)\`, or
\`zsh\`, \`fish\`, \`powershell\`.

`;

export function renderCliDocs(): string {
  const shown = allCommands(makeProgram()).filter((command) => !isHidden(command));
  return header + shown.map((command) => `## ${fullName(command)}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`).join("\n");
}

function helpOf(command: CommandUnknownOpts): string {
  let help = "";
  command.configureOutput({
    writeOut: (text) => (help += text),
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return help.trimEnd();
}

const isHidden = (command: CommandUnknownOpts) =>
  command.parent !== null &&
  !command.parent
    .createHelp()
    .visibleCommands(command.parent)
    .includes(command as never);

if (import.meta.main) writeFileSync(docsFile, renderCliDocs());
