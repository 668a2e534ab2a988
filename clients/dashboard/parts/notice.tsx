// How does the page say that something went wrong, or is out of the ordinary?
import { Alert, Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

interface NoticeProps {
  title: string;
  children?: ReactNode;
  tone?: "bad" | "warn" | "info";
  onRetry?: (() => void) | undefined;
  action?: ReactNode;
}

const colors = { bad: "red", warn: "yellow", info: "blue" };

export function Notice({ title, children, tone = "bad", onRetry, action }: NoticeProps) {
  return (
    <Alert
      color={colors[tone]}
      title={title}
      className={`notice notice-${tone}`}
      role={tone === "info" ? "status" : "alert"}
    >
      <Group justify="space-between" gap="xs">
        <div className="notice-words">{children}</div>
        {action}
        {onRetry && (
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
