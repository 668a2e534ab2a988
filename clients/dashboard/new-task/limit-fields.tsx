// How much may a task take, and when is it its turn? For a new task, and for one that waits.
import { Group, NumberInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { LimitForm, TurnForm } from "./task-form.ts";

/** What costs money only a model takes. */
export function LimitFields<F extends LimitForm>({ form, isModel }: { form: UseFormReturnType<F>; isModel: boolean }) {
  return (
    <Group grow align="flex-start">
      <NumberInput label="Minutes" placeholder="default" min={1} max={1440} {...form.getInputProps("minutes")} />
      {isModel && (
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
  );
}

/** A clock that asks for tasks says itself when each may run. */
export function TurnFields<F extends TurnForm>({
  form,
  hidesNotBefore = false,
}: {
  form: UseFormReturnType<F>;
  hidesNotBefore?: boolean;
}) {
  return (
    <Group grow align="flex-start">
      <NumberInput label="Priority" description="10 runs first" min={1} max={10} {...form.getInputProps("priority")} />
      <NumberInput
        label="Attempts at most"
        description="After failures"
        placeholder="3"
        min={1}
        max={10}
        {...form.getInputProps("maxAttempts")}
      />
      {!hidesNotBefore && (
        <TextInput
          label="Not before"
          description="Your time"
          type="datetime-local"
          {...form.getInputProps("notBefore")}
        />
      )}
    </Group>
  );
}
