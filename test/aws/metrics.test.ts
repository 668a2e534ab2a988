import { expect, it } from "vitest";
import { openMetrics } from "../../functions/aws/metrics.ts";

const at = Date.parse("2026-11-26T12:00:00Z");
const linesOf = (...measures: Parameters<ReturnType<typeof openMetrics>["tell"]>[0][]) => {
  const lines: string[] = [];
  const metrics = openMetrics(
    "drover/test",
    () => at,
    (line) => void lines.push(line),
  );
  for (const measure of measures) metrics.tell(measure);
  return lines;
};

it("numbers become one line of CloudWatch's embedded metric format, with a level and a time that the runtime lets pass", () => {
  const lines = linesOf({ values: { RunningAgents: 3, QueueAge: 12.5, UnconfirmedStops: 0 } });
  expect(lines.map((line) => line.at(-1))).toEqual(["\n"]);
  expect(JSON.parse(String(lines[0]))).toEqual({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: "drover/test",
          Dimensions: [[]],
          Metrics: [
            { Name: "RunningAgents", Unit: "Count" },
            { Name: "QueueAge", Unit: "Seconds" },
            { Name: "UnconfirmedStops", Unit: "Count" },
          ],
        },
      ],
    },
    timestamp: "2026-11-26T12:00:00.000Z",
    level: "INFO",
    RunningAgents: 3,
    QueueAge: 12.5,
    UnconfirmedStops: 0,
  });
});

it("failures are counted class by class", () => {
  const [line = ""] = linesOf({ values: { Failures: 1 }, failureClass: "timeout" });
  const { _aws: told, Class, Failures } = JSON.parse(line);
  expect([told.CloudWatchMetrics[0].Dimensions, Class, Failures]).toEqual([[["Class"]], "timeout", 1]);
});
