// Who speaks to a running agent? Whoever has asked for the work, now and then at the last moment.
import type { TaskId } from "../../../functions/core/ids.ts";
import { sendMessage } from "../../../functions/flows/send-message.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { awaitFunction } from "./ambush.ts";
import { request } from "./request.ts";

export function addSpeaker(stage: Stage, taskId: TaskId): void {
  const speaker = stage.world.begin("speaker");
  stage.usersAtWork += 1;
  speaker.run(
    () => speak(stage, speaker, taskId),
    () => {
      stage.usersAtWork -= 1;
    },
  );
}

async function speak(stage: Stage, speaker: Activity, taskId: TaskId): Promise<void> {
  const { random } = speaker;
  for (const text of ["Leave the parser alone", "And mind the tests"].slice(0, random.between(1, 2))) {
    if (random.next() < 0.5) await awaitFunction(stage, speaker, "publisher");
    else await speaker.sleep(random.between(0, 60_000));
    const said = await request(stage, speaker, "message", (cloud) => sendMessage(cloud, taskId, "key:user", text));
    if (said.kind !== "answered") continue;
    const kept = stage.table.rows.get(taskId)?.messages[said.value.number - 1];
    if (kept?.text !== text) stage.world.fail("message_lost", `"${text}" to ${taskId} was taken and is not kept`);
  }
}
