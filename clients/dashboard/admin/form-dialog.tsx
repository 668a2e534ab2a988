// How is a new thing asked for? A form in a dialog; what the API refuses is said beside its field, or below all of them.
import { Button, Group, Modal, Stack } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { actWordsOf, fieldErrorsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { useFocusReturn } from "../parts/use-focus-return.ts";

interface FormDialogProps<Values, Made> {
  title: string;
  /** What the button says: the act itself. */
  act: string;
  size?: "md" | "xl";
  form: UseFormReturnType<Values>;
  send: (values: Values) => Promise<Made>;
  /** Which field of the form an error of the API belongs to; by its own name unless told. */
  errorsOf?: (errors: Record<string, string>) => Record<string, string | undefined>;
  onMade: (made: Made) => void;
  onClose: () => void;
  children: ReactNode;
}

export function FormDialog<Values extends Record<string, unknown>, Made>({
  form,
  send,
  errorsOf = byFirstName,
  ...props
}: FormDialogProps<Values, Made>) {
  useFocusReturn();
  const sending = useMutation({
    mutationFn: send,
    onSuccess: props.onMade,
    onError: (error) => form.setErrors(errorsOf(fieldErrorsOf(error))),
  });
  return (
    <Modal opened onClose={props.onClose} title={props.title} size={props.size ?? "md"}>
      <form onSubmit={form.onSubmit((values) => sending.mutate(values))} noValidate>
        <Stack gap="sm">
          {props.children}
          {sending.error && <Notice title="It was refused">{actWordsOf(sending.error)}</Notice>}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={sending.isPending}>
              {props.act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** `repositories.0` is of the field `repositories`. */
export const byFirstName = (errors: Record<string, string>) =>
  Object.fromEntries(Object.entries(errors).map(([field, message]) => [field.split(".")[0] ?? field, message]));

export const required = (what: string) => (value: string) => (value.trim() ? null : what);
