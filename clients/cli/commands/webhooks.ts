// `drover webhooks`: who is told of every end, and what came of telling them.
import { Command } from "@commander-js/extra-typings";
import type { paths } from "../../api-types.ts";
import { ask } from "../../client.ts";
import { openCli } from "../cli.ts";
import { collect, given, parseCount } from "../inputs.ts";
import { type Column, printTable } from "../table.ts";
import { colourStatus, note, print, printJson } from "../terminal.ts";
import { sayAge } from "../words.ts";

const path = "/api/orchestrator/workspaces/{workspace}/webhooks";
type DeliveryPage =
  paths[`${typeof path}/{webhookId}/deliveries`]["get"]["responses"][200]["content"]["application/json"];
type Delivery = DeliveryPage["deliveries"][number];
type WebhookRequest = paths[typeof path]["post"]["requestBody"]["content"]["application/json"];

export const webhooksCommand = () =>
  new Command("webhooks")
    .description("Lists, adds and removes webhooks, and shows and repeats their deliveries")
    .addCommand(list())
    .addCommand(add())
    .addCommand(remove())
    .addCommand(deliveries())
    .addCommand(redeliver());

const list = () =>
  new Command("ls").description("Lists the webhooks of the workspace").action(async (_options, command) => {
    const cli = openCli(command);
    const params = { path: { workspace: await cli.workspace() } };
    const { webhooks } = await ask(cli.api.GET(path, { params }));
    if (cli.json) return printJson({ webhooks });
    printTable(webhooks, [
      { title: "ID", of: ({ webhookId }) => webhookId },
      { title: "EVENTS", of: ({ events }) => events.join(", ") },
      { title: "AGE", of: ({ createdAt }) => sayAge(createdAt), right: true },
      { title: "URL", of: ({ url }) => url, flexible: true },
    ]);
  });

const add = () =>
  new Command("add")
    .description("Has notices sent to a URL; the secret that signs them is shown this once")
    .argument("<url>", "where to send them")
    .option("--event <type>", "only these; may be given again (default: all)", collect)
    .action(async (url, { event: events }, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace() } };
      const body = given({ url, events }) as WebhookRequest;
      const made = await ask(cli.api.POST(path, { params, body }));
      if (cli.json) return printJson(made);
      print(made.secret);
      note(`${made.webhookId} sends ${made.events.join(", ")} to ${url}. The secret is not shown again`);
    });

const remove = () =>
  new Command("remove")
    .description("Removes a webhook with its secret; deliveries under way fail")
    .argument("<webhook>", "id of the webhook")
    .action(async (webhookId, _options, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace(), webhookId } };
      await ask(cli.api.DELETE(`${path}/{webhookId}`, { params }));
      if (cli.json) printJson({ webhookId });
      else print(`${webhookId} is removed`);
    });

export const deliveryColumns: Column<Delivery>[] = [
  { title: "ID", of: ({ deliveryId }) => deliveryId },
  { title: "STATE", of: ({ state }) => state, style: (padded, { state }) => colourStatus(state, padded) },
  { title: "TYPE", of: ({ type }) => type },
  { title: "TRIES", of: ({ attempts }) => attempts, right: true },
  { title: "AGE", of: ({ createdAt }) => sayAge(createdAt), right: true },
  { title: "LAST ANSWER", of: ({ tries }) => tries.at(-1)?.why ?? tries.at(-1)?.status, flexible: true },
];

const deliveries = () =>
  new Command("deliveries")
    .description("Lists what was sent to a webhook, newest first, and what came of it")
    .argument("<webhook>", "id of the webhook")
    .option("-n, --limit <count>", "how many, up to 100", parseCount, 25)
    .action(async (webhookId, { limit }, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace(), webhookId }, query: { limit } };
      const page = await ask(cli.api.GET(`${path}/{webhookId}/deliveries`, { params }));
      if (cli.json) return printJson(page);
      printTable(page.deliveries, deliveryColumns);
    });

const redeliver = () =>
  new Command("redeliver")
    .description("Sends a delivery again, under the same webhook-id")
    .argument("<webhook>", "id of the webhook")
    .argument("<delivery>", "id of the delivery")
    .action(async (webhookId, deliveryId, _options, command) => {
      const cli = openCli(command);
      const params = { path: { workspace: await cli.workspace(), webhookId, deliveryId } };
      const again = await ask(cli.api.POST(`${path}/{webhookId}/deliveries/{deliveryId}/redeliver`, { params }));
      if (cli.json) printJson(again);
      else print(`${deliveryId} will be sent at once`);
    });
