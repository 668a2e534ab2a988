// Does anybody look at this page? A browser has six connections to a host: a hidden page gives its own back, and catches up later.
import { useDocumentVisibility } from "@mantine/hooks";

export const useIsLookedAt = () => useDocumentVisibility() === "visible";
