// What does the browser call this page, in its tabs and its history?
import { useDocumentTitle } from "@mantine/hooks";

/** Undefined where another part of the page knows better. */
export const useTitle = (what: string | undefined) => useDocumentTitle(what ? `${what} · drover` : "");
