// `drover sources`: from which forges issues become tasks, which of them, and what kind of task.
import { Command, Option } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask } from "../../client.ts";
import { sayTrigger } from "../../say-trigger.ts";
import { openCli } from "../cli.ts";
import { CliError } from "../exit-codes.ts";
import { collect, given } from "../inputs.ts";
import { printFields, printTable } from "../table.ts";
import { note, print, printJson } from "../terminal.ts";
import { sayAge } from "../words.ts";
import { addAgentOptions, toAgentRequest } from "./agent-options.ts";
import { deliveryColumns } from "./webhooks.ts";

const path = "/api/orchestrator/workspaces/{workspace}/sources";
type SourceRequest = paths[typeof path]["post"]["requestBody"]["content"]["application/json"];

export const sourcesCommand = () =>
  new Command("sources")
    .description("Lists, adds and removes the forges whose issues become tasks, and shows and repeats comments there")
    .addCommand(list())
    .addCommand(add())
    .addCommand(remove())
    .addCommand(comments())
    .addCommand(recomment());

const list = () =>
  new Command("ls").description("Lists the sources of the workspace").action(async (_options, command) => {
    const cli = openCli(command);
    const params = { path: { workspace: await cli.workspace() } };
    const { sources } = await ask(cli.api.GET(path, { params }));
    if (cli.json) return printJson({ sources });
    printTable(sources, [
      { title: "ID", of: ({ sourceId }) => sourceId },
      { title: "NAME", of: ({ name }) => name },
      { title: "FORGE", of: ({ kind }) => kind },
      { title: "STARTS AT", of: sayTrigger },
      { title: "AGE", of: ({ createdAt }) => sayAge(createdAt), right: true },
      { title: "REPOSITORIES", of: ({ repositories }) => repositories.join(", "), flexible: true },
    ]);
  });

const examples = `
Examples:
  drover sources add shop-issues --kind github --repositories 'https://github.com/acme/*' --issue-label drover \\
    --credential github --pull-request --draft --dollars 2
  drover sources add format --kind gitea --repositories https://git.example.com/acme/shop --issue-command /format \\
    --allow-user maria --credential gitea -- npx --yes prettier --write .`;

const add = () =>
  addAgentOptions(
    new Command("add")
      .summary("Has issues of a forge become tasks")
      .description("Has issues of a forge become tasks; the secret for the forge is shown this once")
      .argument("<name>", "name of the source: its tasks are source:<name>'s")
      .argument("[command...]", "a command that does the work instead of a model, after --")
      .addOption(
        new Option("--kind <forge>", "what the forge is; gitea is Forgejo, too")
          .choices(["github", "gitea"] as const)
          .makeOptionMandatory(),
      )
      .requiredOption("--repositories <pattern>", "of which, as https://github.com/acme/*; may be given again", collect)
      .option("--issue-label <label>", "starts a task when an issue gets this label")
      .option("--issue-assignee <user>", "starts a task when an issue is assigned to this user")
      .option("--issue-command <command>", "starts a task when a comment begins with this, as /drover")
      .option("--allow-user <user>", "may comment, beside those whom GitHub calls members; may be given again", collect)
      .option("-b, --branch <name>", "branch to start from (default: the repository's own)"),
  )
    .addHelpText("after", examples)
    .action(async (name, argv, options, command) => {
      const { kind, repositories, issueLabel: label, issueAssignee: assignee, issueCommand, allowUser } = options;
      const trigger = given({ label, assignee, command: issueCommand });
      if (Object.keys(trigger).length === 0)
        throw new CliError("Say what starts a task: --issue-label, --issue-assignee or --issue-command");
      const cli = openCli(command);
      const task = given({ ...toAgentRequest(argv, options), branch: options.branch });
      const body = { ...{ name, kind, repositories, trigger, task }, ...given({ allowedUsers: allowUser }) };
      const params = { path: { workspace: await cli.workspace() } };
      const made = await ask(cli.api.POST(path, { params, body: body as SourceRequest }));
      if (cli.json) return printJson(made);
      printFields([
        ["Source", made.sourceId],
        ["Address", `${cli.place.url}${made.path}`],
        ["Secret", made.secret],
      ]);
      note("Give both to the forge as a webhook for issues and issue comments. The secret is not shown again");
    });

const remove = () =>
  new Command("remove")
    .description("Removes a source with its secret; its tasks go on")
    .argument("<source>", "id of the source")
    .action(async (sourceId, _options, command) => {
      const cli = openCli(command);
      await ask(
        cli.api.DELETE(`${path}/{sourceId}`, { params: { path: { workspace: await cli.workspace(), sourceId } } }),
      );
      if (cli.json) printJson({ sourceId });
      else print(`${sourceId} is removed`);
    });

const taskPath = "/api/orchestrator/tasks/{taskId}/deliveries";

const comments = () =>
  new Command("comments")
    .description("Lists what was told on a task's issue, and what came of every try")
    .argument("<task>", "id of the task")
    .action(async (taskId, _options, command) => {
      const cli = openCli(command);
      const page = await ask(cli.api.GET(taskPath, { params: { path: { taskId }, query: {} } }));
      if (cli.json) printJson(page);
      else printTable(page.deliveries, deliveryColumns);
    });

const recomment = () =>
  new Command("recomment")
    .description("Tries again to comment on a task's issue; a comment that is there stays the only one")
    .argument("<task>", "id of the task")
    .argument("<delivery>", "id of the delivery")
    .action(async (taskId, deliveryId, _options, command) => {
      const cli = openCli(command);
      const path = { taskId, deliveryId };
      const again = await ask(cli.api.POST(`${taskPath}/{deliveryId}/redeliver`, { params: { path } }));
      if (cli.json) printJson(again);
      else print(`${deliveryId} will be tried at once`);
    });
