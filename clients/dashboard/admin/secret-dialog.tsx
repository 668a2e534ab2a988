// How is something shown that nobody can read again? Once, with a way to copy it, until somebody says that they have it.
import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

export interface Secret {
  title: string;
  says: ReactNode;
  /** By what each is: an address goes with some. */
  values: { label: string; value: string }[];
}

export const SecretDialog = ({ title, says, values, onClose }: Secret & { onClose: () => void }) => (
  <Modal opened onClose={onClose} title={title} closeOnClickOutside={false}>
    <Stack gap="sm">
      <Text>{says}</Text>
      {values.map(({ label, value }) => (
        <div key={label}>
          <Group justify="space-between" mb={4}>
            <Text fw={600}>{label}</Text>
            <CopyButton value={value}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy} aria-label={`Copy: ${label}`}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
          <Code block className="wrap">
            {value}
          </Code>
        </div>
      ))}
      <Group justify="flex-end">
        <Button onClick={onClose}>I have it</Button>
      </Group>
    </Stack>
  </Modal>
);
