// What has today cost? Pure; a day begins where one looks from.

const hourMs = 60 * 60_000;

/** Micro-dollars. An hour that midnight falls into, where clocks differ by half an hour, is of today. */
export function spentToday(hours: readonly { at: string; microDollars: number }[], now: Date): number {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const today = hours.filter(({ at }) => Date.parse(at) + hourMs > midnight);
  return today.reduce((sum, { microDollars }) => sum + microDollars, 0);
}
