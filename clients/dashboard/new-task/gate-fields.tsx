// Which gates judge the work, and what may it change of them? For a new task, and for one that waits.
import { MultiSelect, Select, TagsInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { GateForm } from "./task-form.ts";

const usual = { value: "", label: "Usual for the agent" };
const profiles = [
  { value: "strict", label: "strict: all, with a review" },
  { value: "standard", label: "standard: typecheck, lint, test, coverage" },
  { value: "minimal", label: "minimal: test" },
  { value: "none", label: "none" },
  { value: "custom", label: "custom: choose" },
];
const gateNames = ["typecheck", "lint", "test", "coverage", "build", "integration", "ai_review"];

interface GateFieldsProps<F extends GateForm> {
  form: UseFormReturnType<F>;
  /** Once they are chosen by somebody, nothing makes them the usual ones again. */
  hidesUsual?: boolean;
}

export function GateFields<F extends GateForm>({ form, hidesUsual = false }: GateFieldsProps<F>) {
  const { profile, gates } = form.values;
  return (
    <>
      <Select
        label="Profile"
        data={hidesUsual ? profiles : [usual, ...profiles]}
        allowDeselect={false}
        {...form.getInputProps("profile")}
      />
      {profile === "custom" && (
        <MultiSelect
          label="Gates"
          // A repository may have gates of its own, by names of its own.
          data={[...new Set([...gateNames, ...gates])]}
          searchable
          {...form.getInputProps("gates")}
        />
      )}
      <TagsInput
        label="May change what gates rest on"
        description="Files such as package.json; Enter adds one"
        {...form.getInputProps("allowConfigChanges")}
      />
    </>
  );
}
