// How do queue, throughput and cost move? Three small plots: the queue since the page was opened, the rest from the server.

import { useNow } from "../parts/age.tsx";
import { sayCount, sayMoney } from "../words.ts";
import { type Hour, useHours, useHoursOfAll } from "./hours.ts";
import { Plot } from "./plot.tsx";
import { spentToday } from "./spent-today.ts";
import type { Sample } from "./use-counts.ts";

const minuteMs = 60_000;

export function Plots({ samples }: { samples: Sample[] }) {
  const { data: hours = [] } = useHours();
  const { data: ofAll = [] } = useHoursOfAll();
  // What is today may change while one looks, but not within a minute.
  const now = new Date(Math.floor(useNow() / minuteMs) * minuteMs);
  const last = samples.at(-1);
  const x = hours.map(({ at }) => Date.parse(at) / 1000 + 1800);
  return (
    <>
      <Plot
        title="Queue"
        says={last ? `${sayCount(last.waiting)} waiting, ${sayCount(last.live)} live` : "not known yet"}
        x={samples.map(({ at }) => at / 1000)}
        lines={[
          { label: "waiting", tone: "queued", values: samples.map(({ waiting }) => waiting) },
          { label: "live", tone: "running", values: samples.map(({ live }) => live) },
        ]}
      />
      <Plot
        title="Ended in 24 hours"
        says={sayEnds(hours)}
        x={x}
        lines={[
          // Each is drawn over the one before, so that they stand on each other.
          { label: "killed", tone: "killed", values: hours.map((hour) => hour.completed + hour.failed + hour.killed) },
          { label: "failed", tone: "failed", values: hours.map((hour) => hour.completed + hour.failed) },
          { label: "completed", tone: "completed", values: hours.map((hour) => hour.completed) },
        ]}
        bars
      />
      <Plot
        title="Spent today"
        says={saySpent(hours, ofAll, now)}
        x={x}
        lines={[{ label: "spent", tone: "cost", values: hours.map(({ microDollars }) => microDollars) }]}
        bars
        say={sayDollars}
      />
    </>
  );
}

function sayEnds(hours: readonly Hour[]): string {
  if (hours.length === 0) return "not known yet";
  const sum = (name: "completed" | "failed" | "killed") => hours.reduce((total, hour) => total + hour[name], 0);
  return `${sayCount(sum("completed"))} completed, ${sayCount(sum("failed"))} failed, ${sayCount(sum("killed"))} killed`;
}

function saySpent(hours: readonly Hour[], ofAll: readonly Hour[], now: Date): string {
  if (hours.length === 0) return "not known yet";
  const all = ofAll.length > 0 ? `, ${sayMoney(spentToday(ofAll, now))} in all workspaces` : "";
  return `${sayMoney(spentToday(hours, now))}${all}`;
}

/** For an axis: as short as the number allows. */
const sayDollars = (microDollars: number) => `$${Number((microDollars / 1_000_000).toPrecision(2))}`;
