// Who is signed in, and which workspace is looked at? Known to the whole page; the key itself is kept nowhere.
import { useSessionStorage } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useMemo } from "react";
import type { Session } from "../client.ts";
import { api, carryCsrfOf } from "./drover.ts";

interface Signed {
  session: Session;
  workspace: string;
  /** Only a super admin may look at another than the key's own. */
  chooseWorkspace: (workspace: string) => void;
  mayAdmin: boolean;
  mayAll: boolean;
  /** Whether one may kill, change, repeat and speak to it. */
  mayActOn: (task: { owner: string }) => boolean;
  signOut: () => Promise<void>;
}

const Context = createContext<Signed | undefined>(undefined);

export function useSigned(): Signed {
  const signed = use(Context);
  if (!signed) throw new Error("nobody is signed in here");
  return signed;
}

export function SignedProvider({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient();
  const [chosen, setChosen] = useSessionStorage({ key: "drover-workspace", defaultValue: session.workspace });
  const mayAll = session.role === "super_admin";
  const workspace = mayAll ? chosen : session.workspace;
  const signed = useMemo<Signed>(
    () => ({
      session,
      workspace,
      chooseWorkspace: setChosen,
      mayAdmin: session.role !== "member",
      mayAll,
      mayActOn: ({ owner }) => session.role !== "member" || owner === session.principal,
      async signOut() {
        await api.DELETE("/api/session");
        carryCsrfOf(undefined);
        client.clear();
        await client.invalidateQueries();
        location.reload();
      },
    }),
    [session, workspace, mayAll, setChosen, client],
  );
  return <Context value={signed}>{children}</Context>;
}
