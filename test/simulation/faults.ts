// Which things can go wrong? Every kind must have struck in a long run; none may be there only in name.

/** Of any call of a function to the cloud. */
export const callFaults = [
  "request_lost",
  "answer_lost",
  "answer_slow",
  "sdk_repeated",
  "caller_froze",
  "throttled",
  // The first try takes effect and its answer is lost; the SDK's repetitions of it are throttled.
  "throttled_late",
  "caller_died",
] as const;
export type CallFault = (typeof callFaults)[number];

export const faultKinds = [
  ...callFaults,
  // It is served by the version of drover before this one, while the new one is deployed.
  "older_version",
  "slots_contended",
  // One task cannot be read for a while, when a stop comes that covers it.
  "task_unreadable",
  // Of the table's indexes, which lag behind it.
  "index_stale",
  // Of the wake-up queue.
  "message_dropped",
  "message_duplicated",
  "message_delayed",
  // Of ECS.
  "launch_no_capacity",
  "launch_refused",
  "launch_stuck",
  "launch_failed",
  "launch_outage",
  "launch_throttled",
  "launcher_died",
  "sandbox_missing",
  "stop_ignored",
  "stop_slow",
  "event_dropped",
  "event_duplicated",
  "event_delayed",
  // Of a supervisor and its way to the API.
  "callback_lost",
  "callback_answer_lost",
  "api_outage",
  "supervisor_crashed",
  "supervisor_hung",
  "supervisor_froze",
  "supervisor_zombie",
  "token_of_another",
  // Of a receiver of notices.
  "receiver_failed",
  "receiver_silent",
  // Of a forge, and of a model's provider.
  "forge_failed",
  "forge_refused",
  "quota_exhausted",
  // Of a remote.
  "remote_unknown",
  "push_answer_lost",
  "branch_taken",
] as const;
export type FaultKind = (typeof faultKinds)[number];
