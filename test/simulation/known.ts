// Which violations does the simulation find that production has not mended yet? Each stays here until its fix is in.

/** Code of the violation → what is wrong, and the smallest right fix. */
export const knownViolations: Readonly<Record<string, string>> = {
  outcome_lost_in_delete:
    "resolveOutcome deletes our branch before it records that it was there: after a crash, a lost answer or a second " +
    "reaper in between, the next look finds nothing and records not_pushed. Record first, delete after.",
  slot_leaked:
    "releaseLeftSlots gives back the global slot first and finds what is left by the global pool only: a reaper that " +
    "dies, or a call that fails, in between leaks the other slots for ever. Release the global one last.",
  expired_unconfirmed:
    "a task that expired in the queue has no stopConfirmation; the kill of a queued one has not_needed.",
};
