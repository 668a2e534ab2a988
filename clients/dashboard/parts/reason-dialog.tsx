// How is an act confirmed that stops something? It says what will be stopped, and asks why. Loaded when somebody wants one.
import { lazy, Suspense } from "react";
import type { ReasonDialogProps } from "./reason-form.tsx";

const ReasonForm = lazy(async () => ({ default: (await import("./reason-form.tsx")).ReasonForm }));

export const ReasonDialog = (props: ReasonDialogProps) => (
  <Suspense>
    <ReasonForm {...props} />
  </Suspense>
);
