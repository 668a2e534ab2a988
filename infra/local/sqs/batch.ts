// How does one bad entry fail alone? A batch answers per entry; only a malformed batch fails whole.
import { AwsError } from "../aws-json.ts";
import { maxMessageBytes, readText } from "./checks.ts";

const maxEntries = 10;

type Entry = Record<string, unknown>;

export function answerBatch(
  input: Record<string, unknown>,
  act: (entry: Entry) => object,
  sizeOf: (entry: Entry) => number = () => 0,
) {
  const entries = readEntries(input);
  const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (size > maxMessageBytes) {
    throw new AwsError("BatchRequestTooLong", `Batch requests cannot be longer than ${maxMessageBytes} bytes.`);
  }
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    const Id = entry.Id;
    try {
      Successful.push({ Id, ...act(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id, SenderFault: true, Code: error.type, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function readEntries(input: Record<string, unknown>): Entry[] {
  const entries = Array.isArray(input.Entries) ? (input.Entries as Entry[]) : [];
  if (entries.length === 0) {
    throw new AwsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  }
  if (entries.length > maxEntries) {
    throw new AwsError("TooManyEntriesInBatchRequest", `Maximum number of entries per request are ${maxEntries}.`);
  }
  const ids = entries.map((entry) => readText(entry, "Id"));
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    throw new AwsError("InvalidBatchEntryId", "A batch entry id has 1 to 80 letters, digits, hyphens and underscores.");
  }
  if (new Set(ids).size < ids.length) {
    throw new AwsError("BatchEntryIdsNotDistinct", "The ids of a batch must differ from each other.");
  }
  return entries;
}
