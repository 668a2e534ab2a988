// Who speaks to the API for the page? One client of the page's own origin, which carries the session's CSRF token.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { DroverProblem, openDrover, type Session } from "../client.ts";

let csrfToken: string | undefined;

export const drover = openDrover({ url: location.origin, csrfToken: () => csrfToken });
export const { api } = drover;

/** Undefined once nobody is signed in. */
export function carryCsrfOf(session: Session | undefined): void {
  csrfToken = session?.csrfToken;
}

/** What asks about the session itself: a refusal there is an answer, not a session that has ended. */
export const sessionKey = ["session"];
const isOfSession = (key: readonly unknown[] | undefined) => key?.[0] === sessionKey[0];

export const isStranger = (error: unknown) => error instanceof DroverProblem && error.status === 401;

/** Sessions end, by time or with their key: whoever is told so first has the page ask who is signed in. */
export function noteRefusal(error: unknown): void {
  if (isStranger(error)) void queries.invalidateQueries({ queryKey: sessionKey });
}

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => isOfSession(queryKey) || noteRefusal(error) }),
  mutationCache: new MutationCache({
    onError: (error, _sent, _before, { options }) => isOfSession(options.mutationKey) || noteRefusal(error),
  }),
  defaultOptions: {
    // Else an act of a browser without network would wait, and be done at some later moment.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 2_000,
      // What was refused will be refused again; a server that is away may be back.
      retry: (failures, error) => !(error instanceof DroverProblem && error.status < 500) && failures < 3,
    },
  },
});

/** Of what was read, for people: what the API said, or what kept it from saying anything. */
export const wordsOf = (error: unknown) =>
  sayError(error, "drover does not answer. Is it running? The page tries again by itself.");

/** Of an act, which nobody tries again but who asked for it. */
export const actWordsOf = (error: unknown) =>
  sayError(error, "drover did not answer: it is not known whether this was done. Look first, then try again.");

function sayError(error: unknown, unanswered: string): string {
  if (error instanceof TypeError) return unanswered;
  return error instanceof Error ? error.message : String(error);
}

/** Field → what is wrong with it, from a problem document; empty for any other error. */
export function fieldErrorsOf(error: unknown): Record<string, string> {
  const errors = error instanceof DroverProblem ? error.problem.errors : undefined;
  if (!Array.isArray(errors)) return {};
  return Object.fromEntries(errors.map(({ field, message }) => [String(field), String(message)]));
}
