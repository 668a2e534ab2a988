// What has a stack on one machine started, and how does it end? In the reverse order of the start.
export interface Parts {
  /** Is closed with the rest. */
  started<T extends { close(): Promise<void> }>(part: T): T;
  atEnd(act: () => Promise<unknown>): void;
  /** One that fails does not keep the others open. Once: a second time there is nothing left to close. */
  closeAll(): Promise<void>;
}

export function gatherParts(): Parts {
  const ends: (() => Promise<unknown>)[] = [];
  return {
    started(part) {
      ends.push(() => part.close());
      return part;
    },
    atEnd: (act) => void ends.push(act),
    async closeAll() {
      for (const end of ends.splice(0).reverse()) {
        await end().catch((error: unknown) => console.error("a part of the stack did not close", error));
      }
    },
  };
}
