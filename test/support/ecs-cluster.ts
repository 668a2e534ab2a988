// How does a test get an ECS cluster of its own? Endpoint, real client, and the events it published.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  DescribeTasksCommand,
  ECSClient,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  type Task,
} from "@aws-sdk/client-ecs";
import {
  type EcsTaskStateChange,
  type LocalEcs,
  type LocalEcsOptions,
  startEcs,
} from "../../infra/local/ecs/endpoint.ts";
import { createProcessRuntime } from "./ecs-process-runtime.ts";
import { definitions, obedient } from "./ecs-tasks.ts";
import { until } from "./ecs-until.ts";

export const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-local"] } };

export class Cluster {
  readonly stateDir = mkdtempSync(`${tmpdir()}/drover-ecs-`);
  readonly events: EcsTaskStateChange[] = [];
  readonly clients: ECSClient[] = [];
  readonly hosts: ChildProcess[] = [];
  ecs: LocalEcs | undefined;
  url = "";

  /** Starts the endpoint, or the next one on the same folder. */
  async start(options: Partial<LocalEcsOptions> = {}): Promise<void> {
    this.ecs = await startEcs({
      stateDir: this.stateDir,
      cluster: "drover",
      taskDefinitions: definitions,
      runtime: createProcessRuntime(),
      onStateChange: (event) => {
        this.events.push(event);
      },
      ...options,
    });
    this.url = this.ecs.url;
  }

  /** Starts the endpoint in a process of its own, which `kill -9` may end. */
  async startInHost(neverStarts = ""): Promise<ChildProcess> {
    const script = new URL("./ecs-host.ts", import.meta.url).pathname;
    const host = spawn(process.execPath, [script, this.stateDir, neverStarts], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.hosts.push(host);
    const [chunk] = (await once(host.stdout ?? host, "data")) as [Buffer];
    this.url = chunk.toString().trim();
    return host;
  }

  client(maxAttempts = 1): ECSClient {
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const client = new ECSClient({ endpoint: this.url, region: "eu-central-1", credentials, maxAttempts });
    this.clients.push(client);
    return client;
  }

  run(input: Partial<RunTaskCommandInput> = {}, client = this.client()) {
    return client.send(
      new RunTaskCommand({
        cluster: "drover",
        taskDefinition: "solo",
        launchType: "FARGATE",
        networkConfiguration,
        ...input,
      }),
    );
  }

  /** Runs one task of `solo` with this command; answers its ARN. */
  async runOne(command: string[] = obedient, input: Partial<RunTaskCommandInput> = {}): Promise<string> {
    const overrides = { containerOverrides: [{ name: "main", command }] };
    return arnOf((await this.run({ overrides, ...input })).tasks);
  }

  stop(task: string, reason?: string) {
    return this.client().send(new StopTaskCommand({ cluster: "drover", task, reason }));
  }

  async describe(task: string): Promise<Task> {
    const answer = await this.client().send(
      new DescribeTasksCommand({ cluster: "drover", tasks: [task], include: ["TAGS"] }),
    );
    const [found] = answer.tasks ?? [];
    if (!found) throw new Error(`${task} is not there: ${JSON.stringify(answer.failures)}`);
    return found;
  }

  async reach(task: string, status: string): Promise<Task> {
    return until(`${task} is ${status}`, async () => {
      const seen = await this.describe(task);
      return seen.lastStatus === status ? seen : undefined;
    });
  }

  eventsOf(task: string): EcsTaskStateChange[] {
    return this.events.filter((event) => event.detail.taskArn === task);
  }

  async end(): Promise<void> {
    for (const host of this.hosts) host.kill("SIGKILL");
    // A fresh endpoint finds whatever a test left, in whatever state it failed.
    await this.ecs?.close();
    await this.start();
    await this.ecs?.stopAll();
    await this.ecs?.close();
    for (const client of this.clients) client.destroy();
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}

export function arnOf(tasks: Task[] | undefined): string {
  const arn = tasks?.[0]?.taskArn;
  if (!arn) throw new Error("RunTask answered no task");
  return arn;
}
