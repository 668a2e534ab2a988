// What is shown where a page breaks? What is wrong and a way on, while everything around it goes on working.
import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { Notice } from "./notice.tsx";

interface Caught {
  error?: unknown;
}

/** A class, since React knows no other form of this. A part that could not be loaded is not asked for again by itself. */
export class Guard extends Component<{ children: ReactNode }, Caught> {
  override state: Caught = {};

  static getDerivedStateFromError = (error: unknown): Caught => ({ error });

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const isMissing = error instanceof TypeError && /module|import/i.test(error.message);
    return (
      <Notice
        title={isMissing ? "This part of the page could not be loaded" : "This page has broken"}
        action={
          <Button variant="default" onClick={() => location.reload()}>
            Load the page again
          </Button>
        }
      >
        {isMissing ? "drover is away, or was upgraded since the page was opened." : String(error)}
      </Notice>
    );
  }
}
