// What do drover's ids look like? A prefix that says the kind, then a ULID (26 characters, sorted by time).

export type TaskId = `tsk_${string}`;
export type AgentId = `agt_${string}`;
export type EventId = `evt_${string}`;
export type KeyId = `key_${string}`;
export type PermitId = `prm_${string}`;

const taskIdForm = /^tsk_[0-9A-HJKMNP-TV-Z]{26}$/;
const agentIdForm = /^agt_([0-9A-HJKMNP-TV-Z]{26})_([1-9]\d{0,5})$/;

export const isKeyId = (text: string): text is KeyId => /^key_[0-9A-HJKMNP-TV-Z]{26}$/.test(text);

export function isTaskId(text: string): text is TaskId {
  return taskIdForm.test(text);
}

/** The agent of attempt n of a task. It names both, so that a callback finds its task without an index. */
export function agentIdOf(taskId: TaskId, attempt: number): AgentId {
  return `agt_${taskId.slice("tsk_".length)}_${attempt}`;
}

export function parseAgentId(text: string): { agentId: AgentId; taskId: TaskId; attempt: number } | undefined {
  const match = agentIdForm.exec(text);
  if (!match) return undefined;
  return { agentId: text as AgentId, taskId: `tsk_${match[1]}`, attempt: Number(match[2]) };
}

/** The tasks of these agents, each once; what is no agent's id is left out. */
export const taskIdsOf = (agentIds: Iterable<string>): TaskId[] => [
  ...new Set([...agentIds].flatMap((agentId) => parseAgentId(agentId)?.taskId ?? [])),
];

/** Of a workspace or a credential: it stands in URLs, keys and parameter names. */
export const resourceNameForm = /^[a-z0-9][a-z0-9_-]{0,62}$/;
export const isResourceName = (text: string): boolean => resourceNameForm.test(text);
