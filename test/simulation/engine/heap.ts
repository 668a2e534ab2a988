// What happens next? A binary heap by virtual time; of two things at the same moment, the one planned first.

export interface Planned {
  at: number;
  order: number;
  /** Says what it is, for the trace. */
  code: number;
  /** Nobody waits for it any more, so it does not happen. */
  isVoid: boolean;
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
    const last = items.pop();
    // A look behind the end of a list costs more than all the others.
    if (items.length === 0) return last;
    const top = items[0];
    let index = 0;
    for (let childIndex = 1; childIndex < items.length; childIndex = 2 * index + 1) {
      let child = items[childIndex];
      const right = childIndex + 1 < items.length ? items[childIndex + 1] : undefined;
      if (right && child && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!last || !child || isBefore(last, child)) break;
      items[index] = child;
      index = childIndex;
    }
    if (last) items[index] = last;
    return top;
  }
}

const isBefore = (a: Planned, b: Planned) => a.at < b.at || (a.at === b.at && a.order < b.order);
