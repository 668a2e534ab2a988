// What is a task that somebody else asks for later, a clock or an issue? What is seldom set is folded away.
import { Accordion } from "@mantine/core";
import { MoreFields } from "./more-fields.tsx";
import { type FieldsProps, WhatFields, WhereFields } from "./task-fields.tsx";
import type { TaskForm } from "./task-form.ts";

export function TemplateFields<F extends TaskForm>(props: FieldsProps<F>) {
  return (
    <>
      <WhereFields {...props} />
      <WhatFields {...props} />
      <Accordion variant="contained" transitionDuration={0}>
        <Accordion.Item value="more">
          <Accordion.Control>Gates, limits, queue and result</Accordion.Control>
          <Accordion.Panel>
            <MoreFields {...props} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </>
  );
}
