// A model for a story: the scripted server, and the credential that leads the stack to it.
import { afterAll, beforeAll } from "vitest";
import { type MessagesApi, type Script, startMessagesApi, type Turn } from "./messages-api.ts";
import { type Answering, call, tasksPath } from "./stack.ts";

export interface TestModel {
  api: MessagesApi;
  /** What each conversation is answered, by how often the model has spoken in it. */
  script: Script;
  /** Submits a task for a model agent and answers its id. */
  submit(request: { repository: string; [field: string]: unknown }): Promise<`tsk_${string}`>;
}

export const bash = (command: string) => ({ name: "bash", input: { command } });
export const done: Turn = { text: "It is done." };

export function useModel(stack: Answering): TestModel {
  const model = { script: [] as Script } as TestModel;
  beforeAll(async () => {
    model.api = await startMessagesApi((request) => {
      const { script } = model;
      const said = request.messages.filter(({ role }) => role === "assistant").length;
      const turn = typeof script === "function" ? script(request, said) : script[said];
      if (!turn) throw new Error(`the script has no turn ${said}`);
      return turn;
    });
    const credential = { token: model.api.key, model: { baseUrl: model.api.url } };
    await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/anthropic", credential);
  });
  afterAll(() => model.api.close());
  model.submit = async (request) => {
    const body = { prompt: "Mend the failing test", agent: { kind: "model" }, ...request };
    const answer = await call(stack, "POST", tasksPath, body);
    if (answer.status !== 201) throw new Error(`submit answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.taskId;
  };
  return model;
}

/** A small project whose only test fails until `a - b` is `a + b`. */
export const failingProject = {
  "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }\n',
  "add.mjs": "export const add = (a, b) => a - b;\n",
  "add.test.mjs": [
    'import test from "node:test";',
    'import assert from "node:assert";',
    'import { add } from "./add.mjs";',
    'test("adds", () => assert.equal(add(1, 2), 3));',
    "",
  ].join("\n"),
};
export const mend = bash("sed -i 's/a - b/a + b/' add.mjs");
