// What does one request of each endpoint look like, and what is it answered? Recorded from a real run, shown in the document.

interface Example {
  parameters?: Record<string, string>;
  body?: unknown;
  status: number;
  answer?: unknown;
}
interface Media {
  example?: unknown;
}
interface Operation {
  parameters?: { name: string; example?: unknown }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}

/** `paths` of an OpenAPI document, which gets them put in. */
export async function addExamples(paths: object): Promise<void> {
  // Larger than all the rest of the API, and asked for by few.
  const { default: examples } = await import("./examples.json", { with: { type: "json" } });
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
      const known = (examples as Record<string, Example>)[`${method.toUpperCase()} ${path}`];
      if (known) illustrate(operation, known);
    }
  }
}

function illustrate({ parameters = [], requestBody, responses }: Operation, known: Example): void {
  for (const parameter of parameters) {
    const value = known.parameters?.[parameter.name];
    if (value !== undefined) parameter.example = value;
  }
  if (known.body !== undefined) setExample(requestBody?.content, known.body);
  if (known.answer !== undefined) setExample(responses[known.status]?.content, known.answer);
}

function setExample(content: Record<string, Media> | undefined, example: unknown): void {
  for (const media of Object.values(content ?? {})) media.example = example;
}
