// `drover keys` and `credentials`: who may call drover, and what drover may call. No secret ever stands in an argument.
import { Command, Option } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask } from "../../client.ts";
import { openCli } from "../cli.ts";
import { CliError } from "../exit-codes.ts";
import { collect, given, parseCount, readInput } from "../inputs.ts";
import { printTable } from "../table.ts";
import { note, print, printJson } from "../terminal.ts";
import { sayAge } from "../words.ts";

const keysPath = "/api/orchestrator/workspaces/{workspace}/keys";
const credentialPath = "/api/orchestrator/workspaces/{workspace}/credentials/{name}";
type CredentialRequest = paths[typeof credentialPath]["put"]["requestBody"]["content"]["application/json"];

export const keysCommand = () =>
  new Command("keys")
    .description("Lists, makes and revokes API keys of the workspace")
    .addCommand(listKeys())
    .addCommand(createKey())
    .addCommand(revokeKey());

const listKeys = () =>
  new Command("ls").description("Lists the keys, without their secrets").action(async (_options, command) => {
    const cli = openCli(command);
    const params = { path: { workspace: await cli.workspace() } };
    const { keys } = await ask(cli.api.GET(keysPath, { params }));
    if (cli.json) return printJson({ keys });
    printTable(keys, [
      { title: "ID", of: ({ keyId }) => keyId },
      { title: "ROLE", of: ({ role }) => role },
      { title: "PRINCIPAL", of: ({ principal }) => principal },
      { title: "AGE", of: ({ createdAt }) => sayAge(createdAt), right: true },
      { title: "REVOKED", of: ({ revokedAt }) => revokedAt },
      { title: "NAME", of: ({ name }) => name, flexible: true },
    ]);
  });

const createKey = () =>
  new Command("create")
    .description("Makes a key and prints it; it is shown this once")
    .argument("<name>", "what it is for")
    .addOption(
      new Option("--role <role>", "role of its holder")
        .choices(["member", "workspace_admin", "super_admin"] as const)
        .default("member" as const),
    )
    .option("--principal <name>", "whom it speaks for: the same for a key that replaces another")
    .option("--requests-per-minute <count>", "a limit of its own", parseCount)
    .addHelpText("after", "\nExample:\n  (umask 077; drover keys create ci > ci.key); drover --key-file ci.key ls")
    .action(async (name, options, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace() } };
      const made = await ask(cli.api.POST(keysPath, { params, body: { name, ...options } }));
      if (cli.json) return printJson(made);
      print(made.apiKey);
      note(`${made.keyId}, ${made.role} of ${made.workspace}. It is not shown again`);
    });

const revokeKey = () =>
  new Command("revoke")
    .description("Revokes a key, and with it every session that it began")
    .argument("<key>", "its id, as key_…")
    .action(async (keyId, _options, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace(), keyId } };
      const revoked = await ask(cli.api.DELETE(`${keysPath}/{keyId}`, { params }));
      if (cli.json) printJson(revoked);
      else print(`${keyId} (${revoked.name}) is revoked`);
    });

export const credentialsCommand = () =>
  new Command("credentials")
    .description("Sets, names and removes the git tokens and model keys of the workspace; nothing reads them back")
    .addCommand(listCredentials())
    .addCommand(setCredential())
    .addCommand(removeCredential())
    .addCommand(resumeCredential());

const listCredentials = () =>
  new Command("ls")
    .description("Lists the names of the credentials; what they hold is never read")
    .action(async (_options, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace() } };
      const listed = await ask(cli.api.GET("/api/orchestrator/workspaces/{workspace}/credentials", { params }));
      if (cli.json) return printJson(listed);
      for (const name of listed.names) {
        const paused = listed.paused.find((one) => one.name === name);
        print(paused ? `${name}  its provider is out of quota until ${paused.until}` : name);
      }
    });

const setCredential = () =>
  new Command("set")
    .description(
      "Sets or replaces a credential; the token comes from the standard input or a variable, never an argument",
    )
    .argument("<name>", "name that tasks use, as github or anthropic")
    .option("--from-env <variable>", "read the token from this environment variable")
    .option("--username <name>", "user name that goes with a git token")
    .option(
      "--repositories <pattern>",
      "where it may be sent, as https://git.example.com/acme/*; may be given again",
      collect,
    )
    .addOption(new Option("--model <provider>", "it is the key of a model").choices(["anthropic", "bedrock"] as const))
    .option("--base-url <url>", "a gateway that speaks the model provider's protocol")
    .option("--region <name>", "region of Bedrock")
    .addOption(
      new Option("--forge <kind>", "what the git host is, for pull requests").choices(["github", "gitea"] as const),
    )
    .option("--forge-api <url>", "address of the forge's API, when it is not in the usual place")
    .addHelpText(
      "after",
      "\nExamples:\n  gh auth token | drover credentials set github\n" +
        "  drover credentials set anthropic --model anthropic --from-env ANTHROPIC_API_KEY",
    )
    .action(async (name, options, command) => {
      const {
        fromEnv,
        username,
        repositories,
        model: provider,
        baseUrl,
        region,
        forge: kind,
        forgeApi: apiUrl,
      } = options;
      if (!provider && (baseUrl || region))
        throw new CliError("--base-url and --region are of a model's key: add --model");
      if (!kind && apiUrl) throw new CliError("--forge-api is of a forge: add --forge");
      const cli = openCli(command);
      const body = given({
        token: fromEnv === undefined ? (await readInput("The token")).trim() : readVariable(fromEnv),
        username,
        repositories,
        model: provider && given({ provider, baseUrl, region }),
        forge: kind && given({ kind, apiUrl }),
      }) as CredentialRequest;
      const workspace = await cli.workspace();
      await ask(cli.api.PUT(credentialPath, { params: { path: { workspace, name } }, body }));
      if (cli.json) printJson({ workspace, name });
      else print(`Credential ${name} of workspace ${workspace} is set`);
    });

const removeCredential = () =>
  new Command("remove")
    .description("Removes a credential; what runs goes on with what it was given")
    .argument("<name>", "name of the credential")
    .action(async (name, _options, command) => {
      const cli = openCli(command);
      const workspace = await cli.workspace();
      await ask(cli.api.DELETE(credentialPath, { params: { path: { workspace, name } } }));
      if (cli.json) printJson({ workspace, name });
      else print(`Credential ${name} of workspace ${workspace} is removed`);
    });

const resumeCredential = () =>
  new Command("resume")
    .description("Says that the provider behind a credential has quota again: what waits for it may run")
    .argument("<name>", "name of the credential")
    .requiredOption("--reason <text>", "why: it goes into the audit log")
    .action(async (name, { reason }, command) => {
      const cli = openCli(command);
      const path = { workspace: await cli.workspace(), name };
      const { resumed } = await ask(cli.api.POST(`${credentialPath}/resume`, { params: { path }, body: { reason } }));
      if (cli.json) printJson({ resumed });
      else print(resumed ? `What waits for ${name} may run` : `Nothing waited for ${name}`);
    });

function readVariable(name: string): string {
  const value = process.env[name]?.trim();
  if (value) return value;
  throw new CliError(`The environment has no ${name}. Export it, or pipe the token in without --from-env`);
}
