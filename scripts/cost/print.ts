// How are counts and bills shown? As tables of plain text, the dearest first.
import { callsOf, requestsOf, sumOf } from "./combine.ts";
import type { Count, Counts } from "./counter.ts";
import { type Bill, totalOf } from "./price-counts.ts";
import { prices } from "./prices.ts";

export const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

/** Of one in a bill, for a million. */
const million = (amount: number) => dollars(amount * 1e6).padStart(9);

export const printBill = (bill: Bill): void => printDearestFirst({ ...bill, together: totalOf(bill) }, million);
export const printMonth = (bill: Bill): void =>
  printDearestFirst({ ...bill, together: totalOf(bill) }, (amount) => dollars(amount).padStart(9));

function printDearestFirst(bill: Bill, show: (amount: number) => string): void {
  const entries = Object.entries(bill).toSorted(([, a], [, b]) => b - a);
  for (const [what, amount] of entries) console.log(`  ${what.padEnd(26)}${show(amount)}`);
}

export function printPath(name: string, counts: Counts, bill: Bill): void {
  const numbers = [requestsOf(counts), callsOf(counts), sumOf(counts, "writeUnits"), sumOf(counts, "readUnits")];
  console.log(`  ${name.padEnd(44)}${numbers.map((n) => String(n).padStart(8)).join("")}${million(totalOf(bill))}`);
}

export const printPathsHead = () =>
  console.log(
    `  ${"".padEnd(44)}${["requests", "calls", "writes", "reads"].map((n) => n.padStart(8)).join("")}   $ per 1M`,
  );

const unitDollars = ({ writeUnits, readUnits }: Count) => writeUnits * prices.writeUnit + readUnits * prices.readUnit;

/** Each kind of request of the table, the dearest first. */
export function printRequests(counts: Counts): void {
  const ofTable = [...counts].filter(([, count]) => unitDollars(count) > 0);
  for (const [name, count] of ofTable.toSorted(([, a], [, b]) => unitDollars(b) - unitDollars(a))) {
    const numbers = [count.requests, count.writeUnits, count.readUnits].map((n) => String(n).padStart(8)).join("");
    console.log(`  ${name.padEnd(44)}${numbers}${million(unitDollars(count))}`);
  }
}
