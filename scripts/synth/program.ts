// Runs in a process of its own, bundled together with sst.config.ts: every resource is written down instead of made.

// Runs in a process of its own, bundled together with sst.config.ts: every resource is written down instead of made.
import crypto, { type randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { answer, stateOf } from "./answers.ts";
import type { Resource } from "./graph.ts";
import { untilQuiet } from "./until-quiet.ts";

/** Pulumi marks a secret by an object around it. */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

type Json = Record<string, unknown>;

function reveal(value: unknown, path: string, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((one, index) => reveal(one, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  const object = value as Json;
  if (object[signature] !== secretSignature) {
    const entries = Object.entries(object).map(([name, one]) => [
      name,
      reveal(one, path ? `${path}.${name}` : name, secrets),
    ]);
    return Object.fromEntries(entries);
  }
  secrets.push(path);
  return reveal(object.value, path, secrets);
}

/** Pulumi loses the words of what a mock throws. */
function loudly<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    console.error(error);
    throw error;
  }
}

export interface Stage {
  app: { name: string; stage: string };
  out: string;
  start(program: () => Promise<unknown>): Promise<unknown>;
  program(): Promise<unknown>;
}

export async function record({ app, out, start, program }: Stage): Promise<void> {
  // SST ends physical names in chance: two runs shall be the same.
  crypto.randomBytes = ((length: number) => Buffer.alloc(length)) as typeof randomBytes;
  const resources: Resource[] = [];
  const options = new Map<string, Resource["options"]>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        const secrets: string[] = [];
        const open = reveal(inputs, "", secrets) as Json;
        if (type !== "pulumi:pulumi:Stack") resources.push({ type, name, inputs: open, secrets, options: {} });
        return loudly(() => stateOf({ type, name, inputs: open, id }));
      },
      call: ({ token, inputs }) => loudly(() => answer(token, inputs)),
    },
    app.name,
    app.stage,
    false,
  );
  const returned = await pulumi.runtime.runInPulumiStack(() =>
    start(() => {
      // After SST's own: what the engine would be told.
      pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
        const { protect, retainOnDelete } = opts as pulumi.CustomResourceOptions;
        options.set(`${type} ${name}`, { protect: protect === true, retainOnDelete: retainOnDelete === true });
        return undefined;
      });
      return program();
    }),
  );
  const outputs = await new Promise((resolve) => pulumi.output(returned).apply(resolve));
  await untilQuiet(() => resources.length);
  for (const resource of resources) resource.options = options.get(`${resource.type} ${resource.name}`) ?? {};
  resources.sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
  writeFileSync(out, JSON.stringify({ resources, outputs }));
}
