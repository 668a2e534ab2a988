// What does a dashboard cost that somebody has left open? Its feed asks the table as long as it is there.
import { entryPoints } from "../../infra/aws/entry-points.ts";
import { type Counts, countOf } from "./counter.ts";
import { prices } from "./prices.ts";

const pollsPerHour = 2 * 60 * 60;
/** Each lasts a minute, as the stage has it. */
const streamsPerHour = 60;
const poll = "dynamodb Query index feed";

/** Dollars an hour. `feed`: what one stream of some seconds asked for, in which nothing happened. */
export function priceOpenDashboard(feed: Counts): number {
  const polls = countOf(feed, poll);
  if (polls === 0) throw new Error("the feed never looked: there is nothing to go by");
  const units = (isPoll: boolean, of: "readUnits" | "writeUnits") =>
    [...feed].filter(([name]) => (name === poll) === isPoll).reduce((sum, [, count]) => sum + count[of], 0);
  const stream =
    units(false, "readUnits") * prices.readUnit +
    units(false, "writeUnits") * prices.writeUnit +
    (prices.lambdaRequest + prices.cloudFrontRequest + prices.cloudFrontFunction);
  const lambda = 60 * 60 * (entryPoints.stream.memoryMb / 1024) * prices.lambdaGbSecond;
  return (units(true, "readUnits") / polls) * pollsPerHour * prices.readUnit + streamsPerHour * stream + lambda;
}
