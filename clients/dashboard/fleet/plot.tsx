// How is a small plot drawn? A canvas for those who see it; the same in words for everybody.
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Line {
  label: string;
  tone: "queued" | "running" | "completed" | "failed" | "killed" | "cost";
  values: number[];
}

interface PlotProps {
  title: string;
  says: string;
  /** Epoch seconds. */
  x: number[];
  lines: Line[];
  bars?: boolean;
  /** How the numbers at the side are written; counts, unless told. */
  say?: (n: number) => string;
}

const height = 92;

export function Plot({ title, says, x, lines, bars = false, say }: PlotProps) {
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
    plot.current = new uPlot(optionsOf(lines, bars, width, say), latest.current, place.current);
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
      <div ref={ref} aria-hidden className="canvas">
        <div ref={place} />
      </div>
    </section>
  );
}

function optionsOf(lines: Line[], bars: boolean, width: number, say: PlotProps["say"]): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--mantine-color-dimmed"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  const steps = say ? {} : { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000] };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 4, 0, 0],
    scales: {
      // A single moment has no width, and would be given a day: at least a minute is shown.
      x: { range: ({ data: [moments] }) => spanOf(moments, bars) },
      y: { range: (_plot, _min, max) => [0, topOf(max, say !== undefined)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 20, space: 70, values: (_plot, splits) => splits.map(sayClock) },
      {
        ...axis,
        ...steps,
        size: say ? 48 : 36,
        space: 26,
        ...(say ? { values: (_plot, splits) => splits.map(say) } : {}),
      },
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
        ...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 14] }) } : {}),
      })),
    ],
  };
}

/** Some room above the highest; of an empty plot too, so that its axis says something. */
const topOf = (max: number, isMoney: boolean) =>
  isMoney ? Math.max(10_000, max * 1.1) : Math.max(4, Math.ceil(max * 1.1));

/** A bar stands around its moment, so there is half a bar at each end. */
function spanOf(moments: ArrayLike<number>, bars: boolean): [number, number] {
  const last = moments[moments.length - 1] ?? 0;
  const first = moments[0] ?? last;
  const half = bars && moments.length > 1 ? (last - first) / (moments.length - 1) / 2 : 0;
  return [Math.min(first - half, last - 60), last + half];
}

const sayClock = (seconds: number) =>
  new Date(seconds * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
