// Who asks for the same again and again? A schedule, which the reapers fire, while an admin edits it and takes it away.
import type { Schedule } from "../../../functions/core/schedules.ts";
import { addSchedule, editSchedule, removeSchedule } from "../../../functions/flows/schedules.ts";
import type { Stage } from "../stage.ts";
import { insist } from "./request.ts";

const by = "key:admin";
const workspace = "red";
const asked: Parameters<typeof addSchedule>[3] = {
  ...{ name: "often", cron: "*/3 * * * *", timezone: "UTC", paused: false },
  task: {
    ...{ repository: "https://git.example/acme/shop", prompt: "Do it again", priority: 5, maxAttempts: 2 },
    ...{ agent: { kind: "command", command: ["true"] }, limits: { wallClockMs: 900_000 }, backend: "default" },
  },
};

export function addScheduler(stage: Stage): void {
  if (!stage.world.swarm.hasSchedule) return;
  const admin = stage.world.begin("scheduler");
  const { random } = admin;
  const mine = (): Schedule | undefined => [...stage.table.schedules.values()][0];
  stage.usersAtWork += 1;
  admin.run(
    async () => {
      await admin.sleep(random.between(0, 30_000));
      await insist(stage, admin, "add-schedule", (cloud) => addSchedule(cloud, by, workspace, asked));
      await admin.sleep(random.between(60_000, 300_000));
      const cron = random.next() < 0.5 ? "*/4 * * * *" : "1-59/3 * * * *";
      await insist(stage, admin, "edit-schedule", (cloud) =>
        editSchedule(cloud, by, workspace, mine()?.scheduleId ?? "", { cron }),
      );
      await admin.sleep(random.between(60_000, 300_000));
      // An answer that was lost may have made it, and another one.
      while (mine()) {
        const id = mine()?.scheduleId ?? "";
        await insist(stage, admin, "remove-schedule", (cloud) => removeSchedule(cloud, by, workspace, id));
      }
    },
    () => {
      stage.usersAtWork -= 1;
    },
  );
}
