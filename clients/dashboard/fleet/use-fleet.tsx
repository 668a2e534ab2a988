// Where do the parts of the page get the fleet from? From one store for the chosen workspace, fed while the page is looked at.
import { createContext, type ReactNode, use, useEffect, useMemo, useSyncExternalStore } from "react";
import { useIsLookedAt } from "../parts/use-is-looked-at.ts";
import { useSigned } from "../session.tsx";
import { createFleetStore, type Fleet, type FleetStore } from "./fleet-store.ts";

const Context = createContext<FleetStore | undefined>(undefined);

export function FleetProvider({ children }: { children: ReactNode }) {
  const { workspace } = useSigned();
  const store = useMemo(() => createFleetStore(workspace), [workspace]);
  const isLookedAt = useIsLookedAt();
  useEffect(() => {
    if (!isLookedAt) return;
    const ending = new AbortController();
    void store.follow(ending.signal);
    return () => ending.abort();
  }, [store, isLookedAt]);
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
