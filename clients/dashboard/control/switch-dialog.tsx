// Shall a switch be turned, of the workspace or of all? It says where, what follows, and for how many tasks.
import type { Counts } from "../fleet/use-counts.ts";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { useSigned } from "../session.tsx";
import { count } from "../words.ts";
import { useCountsOfAll } from "./use-counts-of-all.ts";
import { type Act, type Scope, useTurn } from "./use-switches.ts";

interface SwitchDialogProps {
  scope: Scope;
  act: Act;
  counts: Counts | undefined;
  onClose: () => void;
}

export function SwitchDialog({ scope, act, counts, onClose }: SwitchDialogProps) {
  const { workspace } = useSigned();
  const ofAll = useCountsOfAll(scope === "global" && act === "pause");
  const turn = useTurn();
  const isYolo = act === "forbid-yolo" || act === "allow-yolo";
  const where = scope === "global" ? (isYolo ? "everywhere" : "everything") : isYolo ? `in ${workspace}` : workspace;
  return (
    <ReasonDialog
      title={`${words[act]} ${where}?`}
      act={words[act]}
      tone="normal"
      placeholder={isYolo ? "the audit is over" : "the remote is down"}
      onClose={onClose}
      onAct={(reason) => turn(scope, act, reason)}
    >
      <p>{act === "pause" ? sayPause(scope === "global" ? ofAll.data : counts) : consequences[act]}</p>
    </ReasonDialog>
  );
}

const words: Record<Act, string> = {
  pause: "Pause",
  resume: "Resume",
  release: "Release",
  "forbid-yolo": "Forbid YOLO",
  "allow-yolo": "Allow YOLO",
};

const consequences: Record<Exclude<Act, "pause">, string> = {
  resume: "What waits runs again, in its order.",
  release: "New tasks are admitted again. What was stopped stays stopped: it can be retried.",
  "forbid-yolo": "No task may skip its gates from now on.",
  "allow-yolo": "Tasks may skip their gates again.",
};

function sayPause(counts: { waiting: number; live: number } | undefined): string {
  const what = counts
    ? `${count(counts.waiting, "waiting task")} will not start; ${count(counts.live, "live task")} go on.`
    : "What waits will not start; what runs goes on.";
  return `${what} New tasks are accepted, and wait.`;
}
