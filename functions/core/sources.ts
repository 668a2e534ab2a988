// From where outside do issues become tasks, which of them, and what kind of task?
import * as z from "zod";
import { matchesRepository, repositoryPattern } from "./credential-scope.ts";
import { forgeKinds } from "./pull-requests.ts";
import { taskRequest } from "./requests.ts";

export type SourceId = `src_${string}`;
export const isSourceId = (text: string): text is SourceId => /^src_[0-9A-HJKMNP-TV-Z]{26}$/.test(text);

const login = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "is not a user name of a forge");

/** What a task request says, but for what only an issue knows. */
export const taskTemplate = taskRequest.omit({
  repository: true,
  prompt: true,
  title: true,
  issue: true,
  notBefore: true,
  delayMs: true,
});

export const sourceName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "use lower-case letters, digits, - and _");

export const sourceRequest = z.strictObject({
  name: sourceName,
  kind: z.enum(forgeKinds),
  /** As in a credential: `https://github.com/acme/*`. */
  repositories: z
    .array(z.string().max(500).regex(repositoryPattern, "is not like https://git.example.com/acme/*"))
    .min(1)
    .max(100),
  trigger: z
    .strictObject({
      label: z.string().trim().min(1).max(100).optional(),
      assignee: login.optional(),
      /** The first word of a comment. */
      command: z
        .string()
        .regex(/^\/[a-z][a-z0-9-]{0,30}$/, "is not like /drover")
        .optional(),
    })
    .refine(
      (trigger) => Object.values(trigger).some((value) => value !== undefined),
      "name a label, assignee or command",
    ),
  task: taskTemplate,
  /** Beside those whom the forge itself calls members. */
  allowedUsers: z.array(login).max(200).optional(),
});
export type SourceRequest = z.output<typeof sourceRequest>;

/** Its secret is not here. */
export interface Source extends SourceRequest {
  sourceId: SourceId;
  workspace: string;
  createdBy: string;
  createdAt: number;
}

export const hookPath = (sourceId: SourceId): string => `/api/hooks/${sourceId}`;

/** Who makes the tasks: the source, whatever a delivery says. */
export const principalOf = ({ sourceId, name, workspace }: Pick<Source, "sourceId" | "name" | "workspace">) => ({
  keyId: sourceId,
  principal: `source:${name}`,
  workspace,
});

/** `url` as `parseRepositoryUrl` answers it. A forge names its repositories with `.git`, people mostly without. */
export const covers = ({ repositories }: Pick<Source, "repositories">, url: string): boolean =>
  repositories.some(
    (pattern) => matchesRepository(pattern, url) || matchesRepository(pattern, url.replace(/\.git$/, "")),
  );
