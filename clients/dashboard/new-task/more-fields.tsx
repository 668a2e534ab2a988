// What else may one say of a task? How it is queued, judged and limited; every field may stay as it is.
import { Checkbox, Fieldset, Group, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { useBackends } from "../fleet/backends-strip.tsx";
import { GateFields } from "./gate-fields.tsx";
import { LimitFields, TurnFields } from "./limit-fields.tsx";
import type { FieldsProps } from "./task-fields.tsx";
import type { TaskForm } from "./task-form.ts";

export function MoreFields<F extends TaskForm>({ form, hides = [] }: FieldsProps<F>) {
  const { data: backends } = useBackends();
  const { isYolo, kind, wantsPullRequest } = form.values;
  return (
    <>
      <Fieldset legend="Gates">
        <Stack gap="xs">
          <GateFields form={form} />
          <Checkbox
            label="YOLO: skip the gates"
            description="The secret scan and the kill are never skipped. It is marked everywhere."
            {...form.getInputProps("isYolo", { type: "checkbox" })}
          />
          {isYolo && <TextInput label="Why are they skipped?" required {...form.getInputProps("yoloReason")} />}
        </Stack>
      </Fieldset>
      <Fieldset legend="Limits">
        <LimitFields form={form} isModel={kind === "model"} />
      </Fieldset>
      <Fieldset legend="Queue and result">
        <Stack gap="xs">
          <TurnFields form={form} hidesNotBefore={hides.includes("notBefore")} />
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
