// How are many tasks stopped at once? By acts that say beforehand how many they will touch, and afterwards how many they did.
import { Button, Group, Menu, Text } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { ask } from "../../client.ts";
import { api, wordsOf } from "../drover.ts";
import type { Counts } from "../fleet/use-counts.ts";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { useSigned } from "../session.tsx";
import { count } from "../words.ts";
import type { Operation } from "./operation-dialog.tsx";
import { SwitchDialog } from "./switch-dialog.tsx";
import { useCountsOfAll } from "./use-counts-of-all.ts";
import { type Act, type Scope, type Switch, useSwitches } from "./use-switches.ts";

const OperationDialog = lazy(async () => ({ default: (await import("./operation-dialog.tsx")).OperationDialog }));

type Dialog = "kill-all" | "emergency-stop" | { scope: Scope; act: Act };

export function Controls({ counts }: { counts: Counts | undefined }) {
  const { workspace, mayAdmin, mayAll } = useSigned();
  const { data: switches } = useSwitches();
  const [dialog, setDialog] = useState<Dialog>();
  const [operation, setOperation] = useState<Operation>();
  const close = () => setDialog(undefined);
  if (!mayAdmin) return null;
  const { workspace: its, global } = switches ?? {};
  return (
    <Group gap="xs">
      {!its?.paused && !its?.stopped && (
        <Button variant="default" onClick={() => setDialog({ scope: "workspace", act: "pause" })}>
          Pause
        </Button>
      )}
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default" className="danger">
            Stop…
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item className="danger" onClick={() => setDialog("kill-all")}>
            Kill all of {workspace}
          </Menu.Item>
          <Menu.Item onClick={() => setDialog({ scope: "workspace", act: yoloActOf(its) })}>
            {its?.yoloForbidden ? "Allow" : "Forbid"} YOLO in {workspace}
          </Menu.Item>
          {mayAll && (
            <>
              <Menu.Divider />
              <Menu.Label>Every workspace</Menu.Label>
              {!global?.paused && !global?.stopped && (
                <Menu.Item onClick={() => setDialog({ scope: "global", act: "pause" })}>Pause everything</Menu.Item>
              )}
              <Menu.Item onClick={() => setDialog({ scope: "global", act: yoloActOf(global) })}>
                {global?.yoloForbidden ? "Allow" : "Forbid"} YOLO everywhere
              </Menu.Item>
              <Menu.Item className="danger" onClick={() => setDialog("emergency-stop")}>
                Emergency stop
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {dialog === "kill-all" && (
        <ReasonDialog
          title={`Kill all of ${workspace}?`}
          act="Kill all"
          placeholder="bad prompt"
          onClose={close}
          onAct={async (reason) => {
            const params = { path: { workspace } };
            setOperation(
              await ask(api.POST("/api/orchestrator/workspaces/{workspace}/kill-all", { params, body: { reason } })),
            );
          }}
        >
          <WhatStops live={counts?.live} waiting={counts?.waiting} />
          <p>Nothing of {workspace} is admitted until somebody releases it.</p>
        </ReasonDialog>
      )}
      {dialog === "emergency-stop" && (
        <ReasonDialog
          title="Stop every workspace?"
          act="Stop everything"
          placeholder="something is very wrong"
          onClose={close}
          onAct={async (reason) =>
            setOperation(await ask(api.POST("/api/orchestrator/emergency-stop", { body: { reason } })))
          }
        >
          <EverythingStops />
          <p>Nothing is admitted anywhere until somebody releases it.</p>
        </ReasonDialog>
      )}
      {typeof dialog === "object" && <SwitchDialog {...dialog} counts={counts} onClose={close} />}
      {operation && (
        <Suspense>
          <OperationDialog started={operation} onClose={() => setOperation(undefined)} />
        </Suspense>
      )}
    </Group>
  );
}

const yoloActOf = (its: Pick<Switch, "yoloForbidden"> | undefined): Act =>
  its?.yoloForbidden ? "allow-yolo" : "forbid-yolo";

function WhatStops({ live, waiting }: { live: number | undefined; waiting: number | undefined }) {
  return (
    <p>
      <strong>{live === undefined ? "Every live task" : count(live, "live task")}</strong> will be stopped without
      grace, and <strong>{waiting === undefined ? "every waiting one" : count(waiting, "waiting task")}</strong>{" "}
      withdrawn. What they have not pushed is lost.
    </p>
  );
}

function EverythingStops() {
  const { data, error } = useCountsOfAll();
  return (
    <>
      <WhatStops live={data?.live} waiting={data?.waiting} />
      <Text c="dimmed">
        {data && `In ${count(data.workspaces, "workspace")}.`}
        {error && `How many they are could not be found out: ${wordsOf(error)}`}
      </Text>
    </>
  );
}
