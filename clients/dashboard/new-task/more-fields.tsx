// What else may one say of a task? How it is queued, judged and limited; every field may stay as it is.
import {
  Checkbox,
  Fieldset,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useBackends } from "../fleet/backends-strip.tsx";
import type { FieldsProps } from "./task-fields.tsx";
import type { TaskForm } from "./task-form.ts";

const profiles = [
  { value: "", label: "Usual for the agent" },
  { value: "strict", label: "strict: all, with a review" },
  { value: "standard", label: "standard: typecheck, lint, test, coverage" },
  { value: "minimal", label: "minimal: test" },
  { value: "none", label: "none" },
  { value: "custom", label: "custom: choose" },
];
const gateNames = ["typecheck", "lint", "test", "coverage", "build", "integration", "ai_review"];

export function MoreFields<F extends TaskForm>({ form, hides = [] }: FieldsProps<F>) {
  const { data: backends } = useBackends();
  const { profile, isYolo, kind, wantsPullRequest } = form.values;
  return (
    <>
      <Fieldset legend="Gates">
        <Stack gap="xs">
          <Select label="Profile" data={profiles} allowDeselect={false} {...form.getInputProps("profile")} />
          {profile === "custom" && (
            <MultiSelect label="Gates" data={gateNames} searchable {...form.getInputProps("gates")} />
          )}
          <TagsInput
            label="May change what gates rest on"
            description="Files such as package.json; Enter adds one"
            {...form.getInputProps("allowConfigChanges")}
          />
          <Checkbox
            label="YOLO: skip the gates"
            description="The secret scan and the kill are never skipped. It is marked everywhere."
            {...form.getInputProps("isYolo", { type: "checkbox" })}
          />
          {isYolo && <TextInput label="Why are they skipped?" required {...form.getInputProps("yoloReason")} />}
        </Stack>
      </Fieldset>
      <Fieldset legend="Limits">
        <Group grow align="flex-start">
          <NumberInput label="Minutes" placeholder="default" min={1} max={1440} {...form.getInputProps("minutes")} />
          {kind === "model" && (
            <>
              <NumberInput label="Dollars" placeholder="5" min={0} prefix="$" {...form.getInputProps("dollars")} />
              <NumberInput
                label="Tokens"
                placeholder="20,000,000"
                min={1}
                thousandSeparator
                {...form.getInputProps("tokens")}
              />
              <NumberInput label="Turns" placeholder="250" min={1} {...form.getInputProps("turns")} />
              <NumberInput
                label="Rejections"
                placeholder="default"
                min={0}
                max={10}
                {...form.getInputProps("rejections")}
              />
            </>
          )}
        </Group>
      </Fieldset>
      <Fieldset legend="Queue and result">
        <Stack gap="xs">
          <Group grow align="flex-start">
            <NumberInput
              label="Priority"
              description="10 runs first"
              min={1}
              max={10}
              {...form.getInputProps("priority")}
            />
            <NumberInput
              label="Attempts at most"
              description="After failures"
              placeholder="3"
              min={1}
              max={10}
              {...form.getInputProps("maxAttempts")}
            />
            {!hides.includes("notBefore") && (
              <TextInput
                label="Not before"
                description="Your time"
                type="datetime-local"
                {...form.getInputProps("notBefore")}
              />
            )}
          </Group>
          <Group grow align="flex-start">
            {!hides.includes("title") && (
              <TextInput
                label="Title"
                placeholder="the first line of what it shall do"
                {...form.getInputProps("title")}
              />
            )}
            <TagsInput label="Labels" placeholder="Enter adds one" {...form.getInputProps("labels")} />
            <Select
              label="Backend"
              data={[...new Set(["default", ...(backends ?? []).map(({ name }) => name)])]}
              allowDeselect={false}
              {...form.getInputProps("backend")}
            />
          </Group>
          <Checkbox label="Open a pull request" {...form.getInputProps("wantsPullRequest", { type: "checkbox" })} />
          {wantsPullRequest && (
            <>
              <Checkbox label="As a draft" {...form.getInputProps("isDraft", { type: "checkbox" })} />
              <TextInput label="Into" placeholder="the branch it starts from" {...form.getInputProps("base")} />
            </>
          )}
        </Stack>
      </Fieldset>
    </>
  );
}
