// How is an act confirmed that stops something? It says what will be stopped, and asks why. Loaded when somebody wants one.
import { lazy, Suspense } from "react";
import type { ReasonDialogProps } from "./reason-form.tsx";
import { useFocusReturn } from "./use-focus-return.ts";

const ReasonForm = lazy(async () => ({ default: (await import("./reason-form.tsx")).ReasonForm }));

export function ReasonDialog(props: ReasonDialogProps) {
  useFocusReturn();
  return (
    <Suspense>
      <ReasonForm {...props} />
    </Suspense>
  );
}
