// Which one safeguard is missing? Changes of bubblewrap's arguments, for controls only.
import type { Weaken } from "../../infra/local/sandbox/confined.ts";

const all = ["user", "ipc", "pid", "net", "uts", "cgroup"] as const;

/** Without an option and the values it takes. */
export function without(option: string, values = 0): Weaken {
  return (given) => {
    const at = given.indexOf(option);
    if (at < 0) throw new Error(`${option} is not among bubblewrap's arguments, so nothing is taken away`);
    return [...given.slice(0, at), ...given.slice(at + 1 + values)];
  };
}

/** Without what is mounted at a place. */
export function withoutMount(place: string): Weaken {
  return (given) => {
    const at = given.findIndex((argument, index) => argument.endsWith("bind") && given[index + 2] === place);
    if (at < 0) throw new Error(`nothing is mounted at ${place}, so nothing is taken away`);
    return [...given.slice(0, at), ...given.slice(at + 3)];
  };
}

export const unfiltered = without("--seccomp", 1);

/** In the machine's own namespace of one kind. */
export function sharing(kind: (typeof all)[number]): Weaken {
  return (given) => {
    const rest = without("--unshare-all")(given);
    return [...all.filter((one) => one !== kind).map((one) => `--unshare-${one}`), ...rest];
  };
}

export const both =
  (one: Weaken, other: Weaken): Weaken =>
  (given) =>
    other(one(given));

/** Root of its own namespaces, with every capability there. `--disable-userns` would take it a level further down. */
export const allCapable: Weaken = (given) =>
  without("--disable-userns")(given).map((argument, index, rest) => {
    if (argument === "--cap-drop") return "--cap-add";
    return rest[index - 1] === "--uid" || rest[index - 1] === "--gid" ? "0" : argument;
  });
