// How is a model asked in an attempt? Within one budget and into one transcript, by the agent and by its reviewer alike.
import { openBudget } from "./agent/budget.ts";
import type { Asking } from "./agent/call-model.ts";
import { openModelClient } from "./agent/client.ts";
import { openTranscript } from "./agent/transcript.ts";
import type { ModelAgent } from "./model-author.ts";
import type { Attempt } from "./run-attempt.ts";

export function openAsking({ answer, heartbeat, uploads }: Attempt, agent: ModelAgent): Asking {
  const { access } = agent;
  const client = openModelClient(access);
  const transcript = openTranscript({ redact: client.redact });
  const budget = openBudget({
    limits: agent.budget,
    spend: agent.spent,
    // Accepted before the call is made: if all this dies in the middle of it, the next attempt counts it.
    save: () => heartbeat.beat(),
  });
  heartbeat.carry({ spend: () => budget.spend });
  let records = 0;
  uploads.add({ url: answer.uploads.transcript, size: () => records, read: () => transcript.read() });
  return {
    client,
    model: access.profile,
    budget,
    transcript: {
      read: () => transcript.read(),
      write(record) {
        records += 1;
        transcript.write(record);
      },
    },
    // Whatever stops an attempt ends this process.
    signal: new AbortController().signal,
    enter: (step, limitMs) => heartbeat.enter(step, limitMs),
  };
}
