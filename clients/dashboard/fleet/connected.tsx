// Is what the page shows up to date? It says so in words, and for how long it has not been.
import { Tooltip } from "@mantine/core";
import { Age } from "../parts/age.tsx";
import { useFleet } from "./use-fleet.tsx";

export function Connected() {
  const { connection } = useFleet();
  if (connection.kind !== "lost") {
    return (
      <span className={`live live-${connection.kind}`} role="status">
        <span className="dot" aria-hidden />
        {connection.kind === "connected" ? "live" : "connecting"}
      </span>
    );
  }
  return (
    <Tooltip label={`${connection.why}. The page tries again by itself, and catches up.`} multiline maw={320}>
      <span className="live live-lost" role="alert">
        <span className="dot" aria-hidden />
        disconnected for <Age at={new Date(connection.since).toISOString()} />
      </span>
    </Tooltip>
  );
}
