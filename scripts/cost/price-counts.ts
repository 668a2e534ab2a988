// What do counted requests cost? Each count times its price, by service.
import { entryPoints, type FunctionName } from "../../infra/aws/entry-points.ts";
import type { Counts } from "./counter.ts";
import { prices } from "./prices.ts";

/** Dollars, by what is charged for. */
export type Bill = Record<string, number>;

/**
 * How long a call takes on AWS, in milliseconds: declared, since a laptop's disk tells nothing about DynamoDB. A message
 * is the dispatcher's with RunTask, the one that finds nothing to do, or a notice: this is their mean.
 */
const declaredMs: readonly (readonly [RegExp, number])[] = [
  [/^lambda api POST beat$/, 15],
  [/^lambda api POST tasks$/, 400],
  [/^lambda api POST start$/, 100],
  [/^lambda api /, 50],
  [/^lambda message$/, 250],
  [/^lambda reaper$/, 200],
  [/^lambda /, 60],
];

/** An answer of the API with its headers, to a sandbox that calls the function's own URL. */
const answerBytes = 1024;
/** What people ask comes through the front door; what sandboxes ask does not. */
const isOfPeople = (name: string) => /^lambda api \S+ (tasks|kill)$/.test(name);

/** Which function a call was one of; a message is the dispatcher's or the sender's of notices, which are equally big. */
const functionOf: readonly (readonly [RegExp, FunctionName])[] = [
  [/^lambda api \S+ kill$/, "kill"],
  [/^lambda api /, "api"],
  [/^lambda message$/, "dispatcher"],
  [/^lambda sandbox-state$/, "sandboxState"],
  [/^lambda reaper$/, "reaper"],
];

/** `logBytesPerCall`: what Lambda itself writes of each call. */
export function priceCounts(counts: Counts, logBytesPerCall: number): Bill {
  const bill: Bill = {};
  const charge = (what: string, dollars: number) => {
    bill[what] = (bill[what] ?? 0) + dollars;
  };
  for (const [name, { requests, writeUnits, readUnits }] of counts) {
    charge("DynamoDB writes", writeUnits * prices.writeUnit);
    charge("DynamoDB reads", readUnits * prices.readUnit);
    if (name.startsWith("sqs ")) charge("SQS", requests * prices.sqsRequest);
    if (name.startsWith("s3 PUT")) charge("S3", requests * prices.s3Put);
    if (name.startsWith("s3 GET")) charge("S3", requests * prices.s3Get);
    if (name.startsWith("ssm GetParameter")) charge("KMS", requests * prices.kmsRequest);
    if (isOfPeople(name)) charge("CloudFront", requests * (prices.cloudFrontRequest + prices.cloudFrontFunction));
    if (name.startsWith("lambda api")) charge("data transfer", (requests * answerBytes * prices.transferGb) / 1e9);
    if (!name.startsWith("lambda ")) continue;
    charge("Lambda calls", requests * prices.lambdaRequest);
    charge("Lambda time", ((requests * millisecondsOf(name)) / 1000) * memoryGbOf(name) * prices.lambdaGbSecond);
    charge("logs", (requests * logBytesPerCall * prices.logsGb) / 1e9);
  }
  return bill;
}

function memoryGbOf(name: string): number {
  const fn = functionOf.find(([form]) => form.test(name))?.[1];
  if (!fn) throw new Error(`Nobody knows which function "${name}" is.`);
  return entryPoints[fn].memoryMb / 1024;
}

const millisecondsOf = (name: string) => declaredMs.find(([form]) => form.test(name))?.[1] ?? 0;

export const totalOf = (bill: Bill): number => Object.values(bill).reduce((sum, dollars) => sum + dollars, 0);
