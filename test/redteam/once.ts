// How do several attacks share what takes long to make? It is made once for a field.
import type { Field } from "./field.ts";

export function once<T>(make: (field: Field) => Promise<T>): (field: Field) => Promise<T> {
  const made = new WeakMap<Field, Promise<T>>();
  return (field) => {
    const making = made.get(field) ?? make(field);
    made.set(field, making);
    return making;
  };
}
