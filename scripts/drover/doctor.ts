// `drover doctor`: what is in the way? This machine, the address, the key, what drover reaches, and one repository.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { type Cli, openCli } from "../../clients/cli/cli.ts";
import { CliError, exitCodes } from "../../clients/cli/exit-codes.ts";
import { print } from "../../clients/cli/terminal.ts";
import { ask, DroverProblem } from "../../clients/client.ts";

const gitTimeoutMs = 20_000;
type Finding = { kind: "well"; what: string } | { kind: "wrong"; what: string; remedy: string };

export const doctorCommand = () =>
  new Command("doctor")
    .summary("Says what is in the way, and the remedy")
    .description(
      "Examines this machine, the address, the key and what drover reaches; exit code 1 when something is wrong",
    )
    .option("-r, --repository <url>", "examine whether this repository can be read from here, too")
    .option("--service-only", "not this machine: drover runs elsewhere")
    .action(async ({ repository, serviceOnly }, command) => {
      const machine = serviceOnly || (await examine());
      const findings = [
        ...(await examineService(command)),
        ...(repository ? [await examineRepository(repository)] : []),
      ];
      for (const finding of findings) say(finding);
      if (!machine || findings.some(({ kind }) => kind === "wrong")) process.exitCode = exitCodes.failed;
    });

/** What only this command needs is not loaded by the others. */
async function examine(): Promise<boolean> {
  const { examineMachine } = await import("../doctor.ts");
  const { SetUpError } = await import("../../infra/local/data-dir.ts");
  try {
    return await examineMachine();
  } catch (error) {
    if (error instanceof SetUpError) throw new CliError(error.message, exitCodes.failed);
    throw error;
  }
}

async function examineService(command: CommandUnknownOpts): Promise<Finding[]> {
  const steps = [
    async (cli: Cli) => {
      await ask(cli.api.GET("/health"));
      return `drover answers at ${cli.place.url} (from ${cli.place.urlFrom})`;
    },
    async (cli: Cli) => {
      const { keyId, role, workspace } = await ask(cli.api.GET("/api/session"));
      return `the key ${keyId} is a ${role.replace("_", " ")}'s, of workspace ${workspace} (from ${cli.place.keyFrom})`;
    },
    async (cli: Cli) => {
      const { data, error } = await cli.api.GET("/health/ready");
      const { status, checks } = data ?? error;
      const said = Object.entries(checks).map(([name, result]) => `${name} ${result}`);
      if (status !== "ready") throw new CliError(`drover is not ready: ${said.join(", ")}. Its own log says why`);
      return `drover reaches what it needs: ${said.join(", ")}`;
    },
  ];
  const findings: Finding[] = [];
  try {
    const cli = openCli(command);
    for (const step of steps) findings.push({ kind: "well", what: await step(cli) });
  } catch (error) {
    if (!(error instanceof CliError) && !(error instanceof DroverProblem)) throw error;
    findings.push({ kind: "wrong", what: error.message, remedy: "" });
  }
  return findings;
}

/** As git sees it from here, without asking for a password; drover itself uses the credential that a task names. */
async function examineRepository(repository: string): Promise<Finding> {
  const isLocal = existsSync(repository);
  try {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", SSH_ASKPASS: "true" };
    const { stdout } = await promisify(execFile)("git", ["ls-remote", "--heads", "--", repository], {
      env,
      timeout: gitTimeoutMs,
    });
    const branches = stdout.trim().split("\n").filter(Boolean).length;
    if (branches > 0) return { kind: "well", what: `${repository} has ${branches} branches and can be read` };
    return { kind: "wrong", what: `${repository} has no branch.`, remedy: "Make a first commit and push it" };
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const why = stderr.trim().split("\n").at(-1) || message;
    const remedy = isLocal
      ? "Is it a git repository that you own?"
      : "If it is private, set a token and name it in the task: drover credentials set NAME, then run --credential NAME";
    return { kind: "wrong", what: `${repository} cannot be read from here: ${why}.`, remedy };
  }
}

function say(finding: Finding): void {
  print(
    finding.kind === "well" ? `well:       ${finding.what}` : `wrong:      ${finding.what} ${finding.remedy}`.trimEnd(),
  );
}
