// Is what the page shows up to date? It says so in words, and for how long it has not been.
import { Tooltip } from "@mantine/core";
import { Age } from "../parts/age.tsx";
import { useFleet } from "./use-fleet.tsx";

export function Connected() {
  const { connection } = useFleet();
  if (connection.kind === "connected" || connection.kind === "connecting") {
    return (
      <span className={`live live-${connection.kind}`} role="status">
        <span className="dot" aria-hidden />
        {connection.kind === "connected" ? "live" : "connecting"}
      </span>
    );
  }
  const lost = connection.kind === "lost" ? connection : undefined;
  const says = lost ? `${lost.why}. The page tries again by itself, and catches up.` : connection.why;
  return (
    <Tooltip label={says} multiline maw={320}>
      <span className="live live-lost">
        <span className="dot" aria-hidden />
        <span>
          <span role="alert">{lost ? "disconnected" : "not followed"}</span>
          {lost && (
            <>
              {" for "}
              <Age at={new Date(lost.since).toISOString()} />
            </>
          )}
        </span>
      </span>
    </Tooltip>
  );
}
