// What has a task used of what it may use?
import { Progress, Text } from "@mantine/core";
import type { Task, Progress as TaskProgress } from "../../client.ts";
import { sayCount, sayDuration, sayMoney, sayTokens } from "../words.ts";

type Spend = NonNullable<TaskProgress["spend"]>;

export function Budget({ task, spend }: { task: Task; spend: Spend | undefined }) {
  const { limits, agent, startedAt } = { ...task, startedAt: task.attempts.at(-1)?.startedAt };
  if (agent.kind === "command") {
    return (
      <section className="panel" aria-label="Budget">
        <h2>Budget</h2>
        <Text size="xs" c="dimmed">
          A command: it spends no tokens, and may run for {sayDuration(limits.wallClockMs)}.
          {startedAt ? "" : " It has not started yet."}
        </Text>
      </section>
    );
  }
  const used = spend ?? {};
  return (
    <section className="panel" aria-label="Budget">
      <h2>Budget</h2>
      <Bar name="Dollars" used={moneyOf(used)} of={limits.microDollars} say={sayMoney} />
      <Bar name="Tokens" used={tokensOf(used)} of={limits.tokens} say={sayTokens} />
      <Bar name="Turns" used={used.turns ?? 0} of={limits.turns} say={sayCount} />
      <Bar name="Time" used={used.wallClockMs ?? 0} of={limits.wallClockMs} say={sayDuration} />
      {(used.reservedMicroDollars ?? 0) > 0 && (
        <Text size="xs" c="dimmed">
          {sayMoney(used.reservedMicroDollars ?? 0)} of it is set aside for the call under way.
        </Text>
      )}
    </section>
  );
}

/** What is reserved counts, for it may have been used already. */
const moneyOf = ({ microDollars = 0, reservedMicroDollars = 0 }: Spend) => microDollars + reservedMicroDollars;
const tokensOf = (spend: Spend) =>
  (spend.inputTokens ?? 0) +
  (spend.outputTokens ?? 0) +
  (spend.cacheReadTokens ?? 0) +
  (spend.cacheWriteTokens ?? 0) +
  (spend.unconfirmedTokens ?? 0) +
  (spend.reservedTokens ?? 0);

interface BarProps {
  name: string;
  used: number;
  of: number | undefined;
  say: (n: number) => string;
}

function Bar({ name, used, of, say }: BarProps) {
  const share = of ? Math.min(100, (used / of) * 100) : 0;
  const words = of ? `${say(used)} of ${say(of)}` : say(used);
  return (
    <div className="budget">
      <span>{name}</span>
      <Progress.Root size="sm">
        <Progress.Section
          value={share}
          color={share >= 100 ? "red.8" : share >= 80 ? "orange.7" : "blue.7"}
          aria-label={`${name}: ${words}`}
        />
      </Progress.Root>
      <span className="dim">{words}</span>
    </div>
  );
}
