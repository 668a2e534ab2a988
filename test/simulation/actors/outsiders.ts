// Who else puts something into the queues or the table? A program with task requests, a stranger, and an unlucky hand.
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Task } from "../../../functions/core/task.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";

export interface IntakeSent {
  messageId: string;
  /** Undefined: it is no task request. */
  key: string | undefined;
}

export function addOutsiders(stage: Stage): void {
  const { parties } = stage.world.swarm;
  if (parties.has("intake")) begin(stage, "sender", sendRequests);
  if (parties.has("stranger")) begin(stage, "stranger", sendRubbish);
  if (parties.has("spoiler")) begin(stage, "spoiler", spoilOne);
}

function begin(stage: Stage, name: string, act: (stage: Stage, me: Activity) => Promise<void>): void {
  const me = stage.world.begin(name);
  stage.usersAtWork += 1;
  me.run(
    () => act(stage, me),
    () => {
      stage.usersAtWork -= 1;
    },
  );
}

/** The queue keeps what it took: nothing of this may be lost. */
async function sendRequests(stage: Stage, sender: Activity): Promise<void> {
  const send = (key: string | undefined, body: string) => {
    const deliveries = stage.world.strikes(sender, "message_duplicated") ? 2 : 1;
    const messageId = stage.queues.intake.put(body, sender.random.between(0, 1_000), deliveries);
    stage.intakeSent.push({ messageId, key });
  };
  const ask = (key: string, prompt: string) => send(key, JSON.stringify(requestFor(key, prompt)));
  await sender.sleep(sender.random.between(0, 60_000));
  ask("a", "Do this");
  if (sender.random.next() < 0.5) ask("a", "Do this");
  await sender.sleep(sender.random.between(0, 30_000));
  // The same key for something else: that is refused, whichever comes first.
  if (sender.random.next() < 0.3) ask("a", "Do that");
  if (sender.random.next() < 0.5) ask("b", "Do that");
  if (sender.random.next() < 0.3) send(undefined, "no request");
  if (sender.random.next() < 0.3) send(undefined, JSON.stringify({ ...requestFor("c", "Mine"), workspace: "blue" }));
}

const requestFor = (idempotencyKey: string, prompt: string) => ({
  idempotencyKey,
  repository: "https://git.example/acme/shop",
  prompt,
  agent: { kind: "command", command: ["true"] },
});

/** The last one looks as a wake-up does, and names no task that ever was. */
const rubbish = ["no wake-up", '{"taskId":5}', '{"taskId":"tsk_0000000000000000000000ZZZZ"}'];

async function sendRubbish(stage: Stage, stranger: Activity): Promise<void> {
  await stranger.sleep(stranger.random.between(0, 90_000));
  const body = rubbish[stranger.random.between(0, rubbish.length - 1)] ?? "";
  stage.queues.wakeUps.put(body, 0);
  if (body !== rubbish.at(-1)) stage.rubbish.push(body);
}

/** A task that an older or a buggy drover has written: whoever looks at it to dispatch it fails. */
async function spoilOne(stage: Stage, spoiler: Activity): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    await spoiler.sleep(spoiler.random.between(1_000, 10_000));
    const queued = [...stage.table.rows.values()].filter(({ task }) => task.status === "queued" && task.attempt === 0);
    const row = queued[spoiler.random.between(0, Math.max(0, queued.length - 1))];
    if (!row) continue;
    row.task = { ...row.task, admitted: undefined as unknown as Task["admitted"] };
    stage.spoilt.add(row.task.taskId as TaskId);
    stage.world.say(spoiler.name, `${row.task.taskId} is spoilt`);
    return;
  }
}
