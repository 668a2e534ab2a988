// Is anything stopped or paused? It stands above every page, with who did it and why, until somebody takes it back.
import { Button, Stack } from "@mantine/core";
import { useState } from "react";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { useWho } from "../parts/use-who.ts";
import { useSigned } from "../session.tsx";
import { SwitchDialog } from "./switch-dialog.tsx";
import { type Act, type Scope, type Switch, useSwitches } from "./use-switches.ts";

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
  const who = useWho();
  if (!stopped && !paused && !asked) return null;
  const act: Act = stopped ? "release" : "resume";
  const title = stopped ? `Stopped: ${what}` : `Paused: ${what}`;
  return (
    <Notice
      tone={stopped ? "bad" : "warn"}
      title={title}
      aside={at && <Age at={at} suffix=" ago" />}
      action={
        mayTurn && (
          <Button variant="default" onClick={() => setAsked(act)}>
            {stopped ? "Release" : "Resume"}
          </Button>
        )
      }
    >
      {stopped ? "Nothing is admitted. " : "Tasks are accepted and wait. "}
      <q>{reason}</q>, by {by ? who(by) : "nobody"}
      {asked && <SwitchDialog scope={scope} act={asked} counts={undefined} onClose={() => setAsked(undefined)} />}
    </Notice>
  );
}
