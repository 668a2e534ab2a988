// Where does the front door send a request? The code at the edge, run on what a deploy would put into its key-value store.
import { type Graph, ofType, one } from "../../../scripts/synth/graph.ts";

export interface Sent {
  /** Undefined: no route was found. */
  host?: string;
  uri: string;
  readTimeout?: number;
  headers: Record<string, { value: string }>;
}

interface Origin {
  domainName: string;
  timeouts?: { readTimeout?: number };
}
type Handler = (event: { request: Pick<Sent, "uri" | "headers"> & { cookies: object } }) => Promise<Sent>;

function storeOf(graph: Graph): Map<string, string> {
  const store = new Map<string, string>();
  for (const { inputs } of ofType(graph, "pulumi-nodejs:dynamic:Resource", /KvKeys/)) {
    for (const [key, value] of Object.entries(inputs.entries)) store.set(`${inputs.namespace}:${key}`, String(value));
  }
  const routes = ofType(graph, "pulumi-nodejs:dynamic:Resource", /RoutesUpdate\./).map(({ inputs }) => inputs);
  store.set(`${routes[0]?.namespace}:routes`, JSON.stringify(routes.map(({ entry }) => entry)));
  return store;
}

export async function askEdge(graph: Graph, uri: string): Promise<Sent> {
  const store = storeOf(graph);
  let origin: Origin | undefined;
  const cf = {
    kvs: () => ({
      get: async (key: string) => {
        const value = store.get(key);
        if (value === undefined) throw new Error(`${key} is not in the store`);
        return value;
      },
    }),
    updateRequestOrigin: (to: Origin) => {
      origin = to;
    },
  };
  const code = String(one(graph, "aws:cloudfront/function:Function").inputs.code);
  const body = code.replace(/^import cf from "cloudfront";$/m, "");
  const handler = new Function("cf", `${body}\nreturn handler;`)(cf) as Handler;
  const sent = await handler({ request: { uri, headers: { host: { value: "d1.cloudfront.net" } }, cookies: {} } });
  return { ...sent, ...(origin && { host: origin.domainName, readTimeout: origin.timeouts?.readTimeout }) };
}
