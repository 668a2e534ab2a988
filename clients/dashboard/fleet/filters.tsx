// How does one find a task among a thousand? By state, by words, by repository and label, in an order of choice.
import { Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { sayCount } from "../words.ts";
import type { NameOf } from "./filter-tasks.ts";
import {
  type Filter,
  groups,
  labelsOf,
  type Order,
  orders,
  repositoriesOf,
  type Group as StatusGroup,
} from "./filter-tasks.ts";
import type { Tasks } from "./merge-tasks.ts";
import type { Counts } from "./use-counts.ts";

interface FiltersProps {
  filter: Filter;
  onChange: (filter: Filter) => void;
  tasks: Tasks;
  counts: Counts | undefined;
  nameOf: NameOf;
}

export function Filters({ filter, onChange, tasks, counts, nameOf }: FiltersProps) {
  const repositories = useMemo(() => repositoriesOf(tasks.values()), [tasks]);
  const labels = useMemo(() => labelsOf(tasks.values()), [tasks]);
  const set = (change: Partial<Filter>) => onChange({ ...filter, ...change });
  return (
    <Group gap="xs" className="filters">
      <div className="scroll-x">
        <SegmentedControl
          aria-label="Status"
          value={filter.group}
          onChange={(group) => set({ group: group as StatusGroup })}
          data={groups.map((group) => ({ value: group, label: labelOf(group, counts) }))}
          withItemsBorders={false}
        />
      </div>
      <TextInput
        aria-label="Search"
        placeholder="Search title, id, repository, label"
        type="search"
        className="search"
        value={filter.search}
        onChange={(event) => set({ search: event.currentTarget.value })}
      />
      <Choice
        name="Repository"
        names={repositories.map((value) => ({ value, label: nameOf(value) }))}
        value={filter.repository}
        onChange={(repository) => set({ repository })}
      />
      {labels.length > 0 && (
        <Choice name="Label" names={labels} value={filter.label} onChange={(label) => set({ label })} />
      )}
      <Select
        aria-label="Order"
        w={130}
        value={filter.order}
        data={orders.map((order) => ({ value: order, label: orderWords[order] }))}
        allowDeselect={false}
        onChange={(order) => set({ order: (order ?? "newest") as Order })}
      />
    </Group>
  );
}

const orderWords: Record<Order, string> = { newest: "Newest first", oldest: "Oldest first", priority: "By priority" };

function labelOf(group: StatusGroup, counts: Counts | undefined) {
  if (!counts || group === "all") return group;
  const n = group === "queued" ? counts.waiting : counts[group];
  return (
    <>
      {group} <span className="n">{sayCount(n)}</span>
    </>
  );
}

interface ChoiceProps {
  name: string;
  names: string[] | { value: string; label: string }[];
  value: string;
  onChange: (name: string) => void;
}

const Choice = ({ name, names, value, onChange }: ChoiceProps) => (
  <Select
    aria-label={name}
    placeholder={name}
    w={150}
    data={names}
    value={value || null}
    clearable
    searchable
    clearButtonProps={{ "aria-label": `Any ${name.toLowerCase()}` }}
    onChange={(chosen) => onChange(chosen ?? "")}
  />
);
