// Where is the focus once a dialog is gone? Back where it was, so that a keyboard goes on from there.
import { useEffect } from "react";

export function useFocusReturn(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
}
