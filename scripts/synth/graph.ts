// Which resources does a stage consist of? As the engine would have been told, to be asked and, for a mutant, changed.

export interface Resource {
  type: string;
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a resource takes is for its provider to say, of which there are hundreds
  inputs: any;
  /** Paths of the inputs that the state keeps encrypted. */
  secrets: string[];
  options: { protect?: boolean; retainOnDelete?: boolean };
}

export interface Graph {
  resources: Resource[];
  outputs: Record<string, unknown>;
  /** Which handlers the CLI was asked to build. */
  handlers: string[];
}

export const ofType = ({ resources }: Graph, type: string, name = /(?:)/): Resource[] =>
  resources.filter((one) => one.type === type && name.test(one.name));

export function one(graph: Graph, type: string, name?: RegExp): Resource {
  const found = ofType(graph, type, name);
  const [first] = found;
  if (first && found.length === 1) return first;
  const there = ofType(graph, type).map((resource) => resource.name);
  throw new Error(`${found.length} of ${type} ${name ?? ""}; there are ${there.join(", ") || "none"}`);
}
