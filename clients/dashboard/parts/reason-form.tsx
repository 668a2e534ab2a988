// What does the confirmation of an act ask? Mostly why: that goes into the audit log.
import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { actWordsOf } from "../drover.ts";
import { Notice } from "./notice.tsx";

export interface ReasonDialogProps {
  title: string;
  /** What exactly will happen, with counts. */
  children: ReactNode;
  /** What the button says: the act itself. */
  act: string;
  tone?: "bad" | "normal";
  placeholder?: string | undefined;
  /** False for what goes into the audit log without one. */
  asksReason?: boolean;
  onAct: (reason: string) => Promise<unknown>;
  onClose: () => void;
}

export function ReasonForm(props: ReasonDialogProps) {
  const { title, children, act, tone = "bad", placeholder = "went astray", asksReason = true, onAct, onClose } = props;
  const [reason, setReason] = useState("");
  const acting = useMutation({ mutationFn: () => onAct(reason.trim()), onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    acting.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={title} size="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <div>{children}</div>
          {asksReason && (
            <Textarea
              label="Reason"
              description="Goes into the audit log"
              placeholder={placeholder}
              required
              maxLength={500}
              autosize
              minRows={2}
              data-autofocus
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          {acting.error && <Notice title="That did not work">{actWordsOf(acting.error)}</Notice>}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              color={tone === "bad" ? "red.9" : "blue"}
              loading={acting.isPending}
              disabled={asksReason && reason.trim() === ""}
            >
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
