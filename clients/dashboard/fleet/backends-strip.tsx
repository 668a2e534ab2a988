// Can the backends be reached, and how old is that knowledge?
import { Group, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ask, type Backend } from "../../client.ts";
import { api, wordsOf } from "../drover.ts";
import { useNow } from "../parts/age.tsx";
import { sayAge } from "../words.ts";

const everyMs = 10_000;

export function useBackends() {
  return useQuery({
    queryKey: ["backends"],
    refetchInterval: everyMs,
    queryFn: async () => (await ask(api.GET("/api/orchestrator/backends", { params: { query: {} } }))).backends,
  });
}

export function BackendsStrip() {
  const { data, error } = useBackends();
  return (
    <section className="plot" aria-label="Backends">
      <h2>Backends</h2>
      {error && <Text c="red">{wordsOf(error)}</Text>}
      <div className="backends">
        {data?.map((backend) => (
          <Group key={backend.name} gap="xs" wrap="nowrap" justify="space-between" align="flex-start">
            <Health backend={backend} />
            <Text size="xs" c="dimmed" className="nowrap">
              {backend.running}
              {backend.slots === undefined ? "" : ` of ${backend.slots}`} live
            </Text>
          </Group>
        ))}
      </div>
    </section>
  );
}

export function Health({ backend: { name, state, health } }: { backend: Backend }) {
  const now = useNow();
  const age = health && sayAge(Math.min(now, Date.parse(health.checkedAt)), now);
  const isWell = state === "open" && health?.reachable === true;
  const says =
    state !== "open" ? state : !health ? "not checked yet" : health.reachable ? "reachable" : "not reachable";
  return (
    <Tooltip
      label={health?.error ?? (health ? `Answered in ${health.latencyMs} ms` : "Not checked yet")}
      multiline
      maw={360}
    >
      <span className={`live ${isWell ? "live-connected" : health ? "live-lost" : "live-connecting"}`}>
        <span className="dot" aria-hidden />
        <strong>{name}</strong> {says}
        {age && <span className="dim">checked {age} ago</span>}
      </span>
    </Tooltip>
  );
}
