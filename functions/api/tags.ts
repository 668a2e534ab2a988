// Under which heading does the document show an endpoint?

const headings = {
  tasks: "Tasks",
  agents: "Agents",
  attempts: "Callbacks of a sandbox",
  hooks: "Intake",
  sources: "Intake",
  schedules: "Intake",
  webhooks: "Webhooks",
  backends: "Backends",
  keys: "Keys and credentials",
  credentials: "Keys and credentials",
  session: "Keys and credentials",
  audit: "Audit log",
  quality: "Quality check",
  health: "Health",
} as const;
const others = "Fleet and switches";

/** `paths` of an OpenAPI document, whose operations get their tag; answers the tags in use. */
export function addTags(paths: object): { name: string }[] {
  const names = new Set<string>();
  for (const [path, operations] of Object.entries(paths)) {
    const name = headingOf(path);
    names.add(name);
    for (const operation of Object.values(operations as Record<string, { tags?: string[] }>)) operation.tags = [name];
  }
  return [...new Set([...Object.values(headings), others])].filter((name) => names.has(name)).map((name) => ({ name }));
}

/** By the first word of the path that is a heading: `workspaces/{workspace}/webhooks/{webhookId}/deliveries` is of webhooks. */
function headingOf(path: string): string {
  const word = path.split("/").find((part): part is keyof typeof headings => Object.hasOwn(headings, part));
  return word ? headings[word] : others;
}
