// Who speaks to the API for the page? One client of the page's own origin, which carries the session's CSRF token.
import { QueryClient } from "@tanstack/react-query";
import { DroverProblem, openDrover, type Session } from "../client.ts";

let csrfToken: string | undefined;

export const drover = openDrover({ url: location.origin, csrfToken: () => csrfToken });
export const { api } = drover;

/** Undefined once nobody is signed in. */
export function carryCsrfOf(session: Session | undefined): void {
  csrfToken = session?.csrfToken;
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What was refused will be refused again; a server that is away may be back.
      retry: (failures, error) => !(error instanceof DroverProblem && error.status < 500) && failures < 3,
    },
  },
});

/** For people: what the API said, or what kept it from saying anything. */
export function wordsOf(error: unknown): string {
  if (error instanceof DroverProblem) return error.message;
  if (error instanceof TypeError) return "drover does not answer. Is it running? The page tries again by itself.";
  return error instanceof Error ? error.message : String(error);
}

/** Field → what is wrong with it, from a problem document; empty for any other error. */
export function fieldErrorsOf(error: unknown): Record<string, string> {
  const errors = error instanceof DroverProblem ? error.problem.errors : undefined;
  if (!Array.isArray(errors)) return {};
  return Object.fromEntries(errors.map(({ field, message }) => [String(field), String(message)]));
}
