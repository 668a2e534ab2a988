// Who is behind a key? Whom it speaks for, or its name, as far as this page may know; else the end of its id.
import { useKeys } from "../admin/use-keys.ts";
import { useSigned } from "../session.tsx";
import { sayWho } from "../words.ts";

export function useWho(): (by: string) => string {
  const { session } = useSigned();
  const { data: keys = [] } = useKeys();
  return (by) => {
    const key = [session, ...keys].find(({ keyId }) => keyId === by);
    if (!key) return sayWho(by);
    return key.principal === by ? key.name : key.principal;
  };
}
