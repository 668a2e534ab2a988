// How long may AWS take to answer one request? Whoever takes a connection and then says nothing would hold its caller for ever.

/** Of one try, the wait for one of the SDK's fifty sockets included. */
export const usualTryMs = 5_000;

const limitedTo = (requestTimeout: number) => ({ requestTimeout, throwOnRequestTimeout: true });

/**
 * For what a caller needs. Three tries of five seconds lie within the time of every function; then it is an error of name
 * `TimeoutError`. Of a write nobody knows then whether it took effect, as of any whose answer is lost.
 */
export const needed = (tryMs = usualTryMs) => ({ requestHandler: limitedTo(tryMs), maxAttempts: 3 });

/** For messages, whose loss only costs time: a kill tells others of its end, and must not wait for that. */
export const spared = (tryMs: number) => ({ requestHandler: limitedTo(tryMs * 0.4), maxAttempts: 2 });

/** An answer that begins in time may go on for longer; what is sent has to arrive before there is one. */
export const uploadTimeoutMs = 20_000;
