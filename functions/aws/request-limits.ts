// How long may AWS take to answer one request? Whoever takes a connection and then says nothing would hold its caller for ever.
// Of the whole request: the SDK counts the wait for one of its fifty sockets as time to connect, which a burst is not to fail by.

/**
 * For what a caller needs. Three tries of five seconds, which a busy machine of one's own may take, lie within the time of
 * every function; then it is an error of name `TimeoutError`. Of a write nobody knows then whether it took effect, as of any whose answer is lost.
 */
export const needed = {
  requestHandler: { requestTimeout: 5_000, throwOnRequestTimeout: true },
  maxAttempts: 3,
};

/** For messages, whose loss only costs time: a kill tells others of its end, and must not wait for that. */
export const spared = {
  requestHandler: { requestTimeout: 2_000, throwOnRequestTimeout: true },
  maxAttempts: 2,
};

/** An answer that begins in time may go on for longer; what is sent has to arrive before there is one. */
export const uploadTimeoutMs = 20_000;
