// Is anything stopped or paused? It stands above every page, with who did it and why, until somebody takes it back.
import { Button, Group, Stack } from "@mantine/core";
import { useState } from "react";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { useSigned } from "../session.tsx";
import { sayWho } from "../words.ts";
import { type Act, type Scope, type Switch, useSwitches, useTurn } from "./use-switches.ts";

export function StoppedBanner() {
  const { data } = useSwitches();
  const { workspace, mayAdmin, mayAll } = useSigned();
  if (!data) return null;
  return (
    <Stack gap="xs" className="banner">
      <Banner scope="global" what="everything" its={data.global} mayTurn={mayAll} />
      <Banner scope="workspace" what={`workspace ${workspace}`} its={data.workspace} mayTurn={mayAdmin} />
    </Stack>
  );
}

interface BannerProps {
  scope: Scope;
  what: string;
  its: Switch;
  mayTurn: boolean;
}

function Banner({ scope, what, its: { stopped, paused, reason, by, at }, mayTurn }: BannerProps) {
  const [asked, setAsked] = useState<Act>();
  const turn = useTurn();
  if (!stopped && !paused && !asked) return null;
  const act: Act = stopped ? "release" : "resume";
  const title = stopped ? `Stopped: ${what}` : `Paused: ${what}`;
  return (
    <Notice
      tone={stopped ? "bad" : "warn"}
      title={title}
      action={
        mayTurn && (
          <Button variant="default" onClick={() => setAsked(act)}>
            {stopped ? "Release" : "Resume"}
          </Button>
        )
      }
    >
      <Group gap={4} component="span">
        <span>
          {stopped ? "Nothing is admitted. " : "Tasks are accepted and wait. "}
          <q>{reason}</q>, by {by ? sayWho(by) : "nobody"}
          {at && (
            <>
              , <Age at={at} suffix=" ago" />
            </>
          )}
        </span>
      </Group>
      {asked && (
        <ReasonDialog
          title={asked === "release" ? `Release ${what}?` : `Resume ${what}?`}
          act={asked === "release" ? "Release" : "Resume"}
          tone="normal"
          placeholder="fixed"
          onAct={(why) => turn(scope, asked, why)}
          onClose={() => setAsked(undefined)}
        >
          {asked === "release"
            ? "New tasks are admitted again. What was stopped stays stopped: it can be retried."
            : "What waits runs again, in its order."}
        </ReasonDialog>
      )}
    </Notice>
  );
}
