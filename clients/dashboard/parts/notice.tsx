// How does the page say that something went wrong, or is out of the ordinary?
import { Alert, Button, Group } from "@mantine/core";
import type { ReactNode } from "react";

interface NoticeProps {
  title: string;
  children?: ReactNode;
  tone?: "bad" | "warn" | "info";
  onRetry?: (() => void) | undefined;
  action?: ReactNode;
  /** What changes while one looks, as an age: beside the words, so that no screen reader says it again each second. */
  aside?: ReactNode;
}

const colors = { bad: "red", warn: "yellow", info: "blue" };

export function Notice({ title, children, tone = "bad", onRetry, action, aside }: NoticeProps) {
  const announced = { role: tone === "info" ? "status" : "alert" };
  return (
    <Alert
      color={colors[tone]}
      title={<span {...announced}>{title}</span>}
      className={`notice notice-${tone}`}
      role="group"
    >
      <Group justify="space-between" gap="xs">
        <div className="notice-words">
          <div {...announced}>{children}</div>
          {aside && <div className="dim">{aside}</div>}
        </div>
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
