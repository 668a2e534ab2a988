// How do queue and throughput move? Two small plots, and the same in words for those who do not see them.
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { TaskSummary } from "../../client.ts";
import { useNow } from "../parts/age.tsx";
import { isEnded } from "../parts/states.ts";
import { count } from "../words.ts";
import type { Tasks } from "./merge-tasks.ts";
import type { Sample } from "./use-counts.ts";

const minuteMs = 60_000;
const minutesShown = 60;

export function Plots({ tasks, samples }: { tasks: Tasks; samples: Sample[] }) {
  const minute = Math.floor(useNow() / minuteMs);
  const ended = useMemo(() => endsByMinute(tasks.values(), minute), [tasks, minute]);
  const last = samples.at(-1);
  const endedInAll = ended.reduce((sum, n) => sum + n, 0);
  return (
    <>
      <Plot
        title="Queue"
        says={last ? `${count(last.waiting, "task")} waiting, ${last.live} live` : "not known yet"}
        x={samples.map(({ at }) => at / 1000)}
        lines={[
          { label: "waiting", tone: "queued", values: samples.map(({ waiting }) => waiting) },
          { label: "live", tone: "running", values: samples.map(({ live }) => live) },
        ]}
      />
      <Plot
        title="Ended per minute"
        says={`${count(endedInAll, "task")} in the last hour`}
        x={ended.map((_, index) => (minute - minutesShown + 1 + index) * 60)}
        lines={[{ label: "ended", tone: "completed", values: ended }]}
        bars
      />
    </>
  );
}

function endsByMinute(tasks: Iterable<TaskSummary>, minute: number): number[] {
  const ends = new Array<number>(minutesShown).fill(0);
  for (const { status, updatedAt } of tasks) {
    if (!isEnded(status)) continue;
    const index = Math.floor(Date.parse(updatedAt) / minuteMs) - minute + minutesShown - 1;
    if (index >= 0 && index < minutesShown) ends[index] = (ends[index] ?? 0) + 1;
  }
  return ends;
}

interface PlotProps {
  title: string;
  says: string;
  x: number[];
  lines: { label: string; tone: "queued" | "running" | "completed"; values: number[] }[];
  bars?: boolean;
}

const height = 92;

function Plot({ title, says, x, lines, bars = false }: PlotProps) {
  const { ref, width } = useElementSize();
  const scheme = useComputedColorScheme();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = [x, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const names = lines.map(({ label, tone }) => `${label}:${tone}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the styles, and the names stand for the lines
  useEffect(() => {
    if (!place.current || width === 0 || latest.current[0].length === 0) return;
    plot.current = new uPlot(optionsOf(lines, bars, width), latest.current, place.current);
    return () => {
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [width, scheme, names, bars, x.length > 0]);
  useEffect(() => plot.current?.setData(data));
  return (
    <section className="plot" aria-label={`${title}: ${says}`}>
      <h2>
        {title} <span>{says}</span>
      </h2>
      <div ref={ref} aria-hidden>
        <div ref={place} />
      </div>
    </section>
  );
}

function optionsOf(lines: PlotProps["lines"], bars: boolean, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--mantine-color-dimmed"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 4, 0, 0],
    scales: {
      // A single moment has no width, and would be given a day: at least a minute is shown.
      x: { range: ({ data: [moments] }) => spanOf(moments) },
      y: { range: (_plot, _min, max) => [0, Math.max(4, Math.ceil(max * 1.1))] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 20, space: 70, values: (_plot, splits) => splits.map(sayClock) },
      { ...axis, size: 40, space: 26, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000] },
    ],
    series: [
      {},
      ...lines.map(({ label, tone }) => ({
        label,
        stroke: color(`--status-${tone}`),
        fill: bars ? color(`--status-${tone}`) : "transparent",
        width: bars ? 0 : 1.6,
        // One moment makes no line.
        points: { show: ({ data: [moments] }: uPlot) => moments.length === 1 },
        ...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 12] }) } : {}),
      })),
    ],
  };
}

function spanOf(moments: ArrayLike<number>): [number, number] {
  const last = moments[moments.length - 1] ?? 0;
  return [Math.min(moments[0] ?? last, last - 60), last];
}

const sayClock = (seconds: number) =>
  new Date(seconds * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
