// Where do the parts of the page get the fleet from? From one store for the chosen workspace, fed while the page is looked at.
import { useDocumentVisibility } from "@mantine/hooks";
import { createContext, type ReactNode, use, useEffect, useMemo, useSyncExternalStore } from "react";
import { useSigned } from "../session.tsx";
import { createFleetStore, type Fleet, type FleetStore } from "./fleet-store.ts";

const Context = createContext<FleetStore | undefined>(undefined);

export function FleetProvider({ children }: { children: ReactNode }) {
  const { workspace } = useSigned();
  const store = useMemo(() => createFleetStore(workspace), [workspace]);
  const isVisible = useDocumentVisibility() === "visible";
  // A browser has six connections to a host: a page that nobody looks at gives its own back, and catches up later.
  useEffect(() => {
    if (!isVisible) return;
    const ending = new AbortController();
    void store.follow(ending.signal);
    return () => ending.abort();
  }, [store, isVisible]);
  return <Context value={store}>{children}</Context>;
}

export function useFleetStore(): FleetStore {
  const store = use(Context);
  if (!store) throw new Error("there is no fleet here");
  return store;
}

export function useFleet(): Fleet {
  const store = useFleetStore();
  return useSyncExternalStore(store.listen, store.read);
}
