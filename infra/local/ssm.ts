// How does the Parameter Store run on this machine? One JSON file that only its owner can read.
import { readFile } from "node:fs/promises";
import type { Parameter, PutParameterRequest } from "@aws-sdk/client-ssm";
import { writeAtomically } from "./atomic-file.ts";
import { AwsError, type Endpoint, type Operation, serveAwsJson } from "./aws-json.ts";

export interface SsmOptions {
  /** Nothing is encrypted in it: a SecureString is as safe as the file's mode, 0600, and the disk. */
  file: string;
  now?: () => number;
  port?: number;
}

interface StoredParameter {
  type: "String" | "SecureString";
  value: string;
  version: number;
  modifiedAt: number;
}

type Parameters = ReadonlyMap<string, StoredParameter>;
type Input = Record<string, unknown>;

const maxPathResults = 10;

export async function startSsm({ file, now = Date.now, port }: SsmOptions): Promise<Endpoint> {
  let parameters = await load(file);
  let lastWrite: Promise<unknown> = Promise.resolve();

  /** One write after another; what is not yet on disk is not yet visible. */
  function change<T>(decide: (next: Map<string, StoredParameter>) => T): Promise<T> {
    const write = lastWrite.then(async () => {
      const next = new Map(parameters);
      const result = decide(next);
      await writeAtomically(file, [JSON.stringify(Object.fromEntries(next), undefined, 2)]);
      parameters = next;
      return result;
    });
    lastWrite = write.catch(() => "the caller of this write has the error; the next write must still run");
    return write;
  }

  const operations: Record<string, Operation> = {
    PutParameter: (input) => change((next) => put(next, input as unknown as PutParameterRequest, now())),
    GetParameter: (input) => ({ Parameter: show(readName(input), find(parameters, input), input) }),
    GetParametersByPath: (input) => getByPath(parameters, input),
    DeleteParameter: (input) =>
      change((next) => {
        find(next, input);
        next.delete(readName(input));
      }),
  };
  return serveAwsJson({ targetPrefix: "AmazonSSM", jsonVersion: "1.1", operations, port });
}

async function load(file: string): Promise<Parameters> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(file, "utf8")) as Record<string, StoredParameter>));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new Error(`The parameters in ${file} cannot be read. Repair the file or move it away.`, { cause: error });
  }
}

function put(parameters: Map<string, StoredParameter>, request: Partial<PutParameterRequest>, now: number) {
  const { Name: name = "", Value: value = "", Tier = "Standard", Overwrite: overwrite = false } = request;
  const before = parameters.get(name);
  const type = request.Type ?? before?.type;
  if (!isValidName(name)) throw new AwsError("ValidationException", `Parameter name ${name} is not valid.`);
  if (type !== "String" && type !== "SecureString")
    throw new AwsError("ValidationException", `Type ${type} is not supported.`);
  const limitBytes = Tier === "Standard" ? 4096 : 8192;
  if (!value || Buffer.byteLength(value) > limitBytes) {
    throw new AwsError(
      "ValidationException",
      `The value of ${name} must have 1 to ${limitBytes} bytes (tier ${Tier}).`,
    );
  }
  if (before && !overwrite) {
    throw new AwsError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite it, set Overwrite to true.",
    );
  }
  const version = (before?.version ?? 0) + 1;
  parameters.set(name, { type, value, version, modifiedAt: now });
  return { Version: version, Tier };
}

function isValidName(name: string): boolean {
  if (!/^[\w./-]{1,1011}$/.test(name) || /^\/?(aws|ssm)/i.test(name)) return false;
  if (name.includes("/") && (!name.startsWith("/") || name.endsWith("/") || name.includes("//"))) return false;
  return name.split("/").length <= 16;
}

function readName(input: Input): string {
  return String(input.Name ?? "");
}

function find(parameters: Parameters, input: Input): StoredParameter {
  const found = parameters.get(readName(input));
  if (!found) throw new AwsError("ParameterNotFound", `Parameter ${readName(input)} not found.`);
  return found;
}

/** On the wire a time is in seconds. */
type WireParameter = Omit<Parameter, "LastModifiedDate"> & { LastModifiedDate: number };

function show(name: string, parameter: StoredParameter, input: Input): WireParameter {
  const isHidden = parameter.type === "SecureString" && input.WithDecryption !== true;
  return {
    Name: name,
    Type: parameter.type,
    // AWS answers ciphertext here; whoever forgets WithDecryption must not be served the secret locally either.
    Value: isHidden ? "ciphertext-ask-with-WithDecryption" : parameter.value,
    Version: parameter.version,
    LastModifiedDate: parameter.modifiedAt / 1000,
    ARN: `arn:aws:ssm:us-east-1:000000000000:parameter/${name.replace(/^\//, "")}`,
    DataType: "text",
  };
}

function getByPath(parameters: Parameters, input: Input) {
  const path = String(input.Path ?? "");
  const limit = Number(input.MaxResults ?? maxPathResults);
  if (!path.startsWith("/")) throw new AwsError("ValidationException", "The path must begin with a slash.");
  if (!(limit >= 1 && limit <= maxPathResults)) {
    throw new AwsError("ValidationException", `MaxResults must be between 1 and ${maxPathResults}.`);
  }
  if (input.ParameterFilters) throw new AwsError("InvalidFilterKey", "The local stand-in has no filters.");
  const prefix = path.endsWith("/") ? path : `${path}/`;
  const after = Buffer.from(String(input.NextToken ?? ""), "base64url").toString();
  const names = [...parameters.keys()].sort().filter((name) => {
    if (!name.startsWith(prefix) || name <= after) return false;
    return input.Recursive === true || !name.slice(prefix.length).includes("/");
  });
  const page = names.slice(0, limit);
  const last = page.length < names.length ? page.at(-1) : undefined;
  return {
    Parameters: page.map((name) => show(name, find(parameters, { Name: name }), input)),
    NextToken: last && Buffer.from(last).toString("base64url"),
  };
}
