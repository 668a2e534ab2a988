// What happens next? A binary heap by virtual time; of two things at the same moment, the one planned first.

export interface Planned {
  at: number;
  order: number;
  /** Says what it is, for the trace. */
  code: number;
  run(): void;
}

export class Heap {
  readonly #items: Planned[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: Planned): void {
    const items = this.#items;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex];
      if (!parent || isBefore(parent, item)) break;
      items[index] = parent;
      index = parentIndex;
    }
    items[index] = item;
  }

  pop(): Planned | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (!top || !last || items.length === 0) return top;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = items[childIndex];
      if (!child) break;
      const right = items[childIndex + 1];
      if (right && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (isBefore(last, child)) break;
      items[index] = child;
      index = childIndex;
    }
    items[index] = last;
    return top;
  }
}

const isBefore = (a: Planned, b: Planned) => a.at < b.at || (a.at === b.at && a.order < b.order);
