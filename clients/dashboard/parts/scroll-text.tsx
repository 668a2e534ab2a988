// How is a long text shown that scrolls in a box of its own? One that a keyboard reaches, and that can stay at its end.
import { useLayoutEffect, useRef } from "react";

const nearEndPx = 40;

/** `followsEnd`: it goes on showing the end as more text comes, until somebody scrolls up. */
export function ScrollText({ label, text, followsEnd = false }: { label: string; text: string; followsEnd?: boolean }) {
  const box = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const noteScroll = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearEndPx;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: more text is what moves the end
  useLayoutEffect(() => {
    if (followsEnd && isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text, followsEnd]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section ref={box} className="log" aria-label={label} tabIndex={0} onScroll={noteScroll}>
      <pre>{text}</pre>
    </section>
  );
}
