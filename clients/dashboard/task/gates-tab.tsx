// What did each gate find? Expected, found, and the evidence it rests on.
import { Accordion, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Task } from "../../client.ts";
import { type GateReport, parseReport, type Verdict } from "../../gate-report.ts";
import { wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { ScrollText } from "../parts/scroll-text.tsx";
import { plain, sayDuration } from "../words.ts";
import { readArtifact } from "./artifact.ts";

export function GatesTab({ task, attempt }: { task: Task; attempt: number }) {
  const { data, error, isFetching } = useQuery({
    queryKey: ["artifact", task.taskId, "verdicts", attempt, task.version],
    queryFn: async () => parseReport(await readArtifact(task.taskId, "verdicts", attempt)),
    placeholderData: (before) => before,
  });
  const evidence = useQuery({
    queryKey: ["artifact", task.taskId, "gates", attempt, task.version],
    queryFn: () => readArtifact(task.taskId, "gates", attempt),
    placeholderData: (before) => before,
  });
  const { profile, gates, chosenBy } = task.gates;
  const chosen = `Profile ${profile}, ${chosenBy === "request" ? "as asked for" : "usual for this agent"}: ${gates.join(", ") || "no gates"}.`;
  return (
    <section aria-label="Gates">
      <Text size="xs" c="dimmed" mb="xs">
        {chosen}
        {data && ` Round ${data.round}, commit ${data.commit.slice(0, 12)}.`}
      </Text>
      {task.yolo && (
        <Notice tone="warn" title="YOLO: the gates are skipped">
          {task.yolo.reason}
        </Notice>
      )}
      {error && <Notice title="The verdicts cannot be read">{wordsOf(error)}</Notice>}
      {!data && !error && !task.yolo && (
        <div className="nothing">
          {isFetching ? "Reading the verdicts…" : "No gate has judged this attempt's work."}
        </div>
      )}
      {data && <Verdicts report={data} />}
      {evidence.error && <Notice title="What the gates printed cannot be read">{wordsOf(evidence.error)}</Notice>}
      {evidence.data && (
        <details className="evidence">
          <summary>All that the gates printed</summary>
          <ScrollText label="What the gates printed" text={evidence.data} />
        </details>
      )}
    </section>
  );
}

function Verdicts({ report }: { report: GateReport }) {
  const bad = report.verdicts.filter(({ outcome }) => outcome !== "passed" && outcome !== "skipped");
  return (
    <Accordion multiple variant="contained" transitionDuration={0} defaultValue={bad.map(({ gate }) => gate)}>
      {report.verdicts.map((verdict) => (
        <Accordion.Item key={verdict.gate} value={verdict.gate}>
          <Accordion.Control>
            <Group gap="sm" wrap="nowrap">
              <span className={`outcome outcome-${verdict.outcome}`}>{plain(verdict.outcome)}</span>
              <strong>{verdict.gate}</strong>
              <span className="dim ellipsis">{verdict.actual}</span>
              <span className="dim nowrap">{sayDuration(verdict.durationMs)}</span>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <Evidence verdict={verdict} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

function Evidence({ verdict: { expected, actual, counts, coverage, findings = [], details } }: { verdict: Verdict }) {
  return (
    <>
      <dl className="facts">
        <dt>Expected</dt>
        <dd>{expected || "–"}</dd>
        <dt>Found</dt>
        <dd>{actual || "–"}</dd>
        {counts && (
          <>
            <dt>Tests</dt>
            <dd>
              {counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped of {counts.tests}
            </dd>
          </>
        )}
        {coverage && (
          <>
            <dt>Coverage</dt>
            <dd>
              {coverage.lines} % of lines, at least {coverage.threshold} %
            </dd>
          </>
        )}
        {findings.map(({ path, what, level }) => (
          <div key={`${path} ${what}`} className="finding">
            <dt>{level}</dt>
            <dd>
              <span className="mono">{path}</span> {what}
            </dd>
          </div>
        ))}
      </dl>
      {details && <ScrollText label="Evidence" text={details} />}
    </>
  );
}
