// How does a bench take one task through its whole life on a stack of puppets?
import { requestFor, wordsOf } from "./life.ts";
import type { PuppetStack } from "./start-puppets.ts";

export async function live(stack: PuppetStack, repository: string): Promise<void> {
  const taskId = await stack.submit(requestFor(repository));
  const puppet = await stack.puppetOf(taskId);
  for (const [verb, body] of wordsOf(taskId)) await puppet.say(verb, body);
  await puppet.end();
}
