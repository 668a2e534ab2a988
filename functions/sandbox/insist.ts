// A remote is away for a moment: is the work of an attempt lost with it? It is asked again for a while.

const remotePatienceMs = 120_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

/** Asks until somebody answers, or patience ends; then with the last word. What is asked must bear being asked twice. */
export async function insist<T>(ask: () => Promise<T>, isSilence: (answer: T) => boolean): Promise<T> {
  const giveUpAt = performance.now() + remotePatienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const answer = await ask();
    if (!isSilence(answer) || performance.now() + pauseMs > giveUpAt) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
