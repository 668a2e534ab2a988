// How long may AWS take to answer one request? Whoever takes a connection and then says nothing would hold its caller for ever.

/**
 * The SDK asks three times, then it is an error of name `TimeoutError`: within the time of every function. Of a write nobody
 * knows then whether it took effect, as of any whose answer is lost.
 */
export const requestHandler = { connectionTimeout: 2_000, requestTimeout: 3_000, throwOnRequestTimeout: true };
