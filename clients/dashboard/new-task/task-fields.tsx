// Where is the code, and what shall be done to it? The fields that a task begins with, wherever one is asked for.
import {
  Autocomplete,
  Fieldset,
  Group,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useCredentials } from "../admin/use-credentials.ts";
import type { TaskForm } from "./task-form.ts";

/** `F` may hold more than a task. */
export interface FieldsProps<F extends TaskForm> {
  form: UseFormReturnType<F>;
  /** What somebody else says of tasks to come: an issue, or a clock. */
  hides?: readonly (keyof TaskForm)[];
}

export function WhereFields<F extends TaskForm>({ form, hides = [] }: FieldsProps<F>) {
  const credentials = useCredentials();
  return (
    <Fieldset legend="Where">
      <Stack gap="xs">
        {!hides.includes("repository") && (
          <TextInput
            label="Repository"
            placeholder="https://github.com/acme/shop or /home/me/shop"
            required
            {...form.getInputProps("repository")}
          />
        )}
        <Group grow align="flex-start">
          <TextInput label="Branch" placeholder="its default branch" {...form.getInputProps("branch")} />
          <Autocomplete
            label="Credential"
            placeholder="none"
            data={credentials.data?.map(({ name }) => name) ?? []}
            {...form.getInputProps("credential")}
          />
        </Group>
      </Stack>
    </Fieldset>
  );
}

export function WhatFields<F extends TaskForm>({ form, hides = [] }: FieldsProps<F>) {
  const { kind } = form.values;
  const credentials = useCredentials();
  return (
    <Fieldset legend="What">
      <Stack gap="xs">
        <SegmentedControl
          aria-label="Kind of agent"
          data={[
            { value: "model", label: "A model" },
            { value: "command", label: "A command" },
          ]}
          {...form.getInputProps("kind")}
        />
        {!hides.includes("prompt") && (
          <Textarea
            label={kind === "model" ? "What shall it do?" : "What is it for?"}
            description={kind === "command" ? "It becomes the commit message" : undefined}
            required
            autosize
            minRows={kind === "model" ? 6 : 2}
            {...form.getInputProps("prompt")}
          />
        )}
        {kind === "command" ? (
          <Textarea
            label="Command"
            description="Run by sh -c at the top of the repository"
            placeholder="npx --yes prettier --write ."
            required
            autosize
            classNames={{ input: "mono" }}
            {...form.getInputProps("command")}
          />
        ) : (
          <>
            <Group grow align="flex-start">
              <Select
                label="Type"
                data={["worker", "reviewer", "tester"]}
                allowDeselect={false}
                {...form.getInputProps("type")}
              />
              <TextInput
                label="Model"
                placeholder="the cheapest that is able enough"
                {...form.getInputProps("model")}
              />
            </Group>
            <Autocomplete
              label="Model's credential"
              placeholder="anthropic"
              data={credentials.data?.map(({ name }) => name) ?? []}
              {...form.getInputProps("modelCredential")}
            />
            <TagsInput label="Skills" placeholder="Enter adds one" {...form.getInputProps("skills")} />
          </>
        )}
      </Stack>
    </Fieldset>
  );
}
