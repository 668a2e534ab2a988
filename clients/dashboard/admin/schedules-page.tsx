// Which tasks are asked for again and again, when do they come next, and what became of the last time?
import { Autocomplete, Button, Fieldset, Group, Select, Stack, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ask, type paths } from "../../client.ts";
import { actWordsOf, api } from "../drover.ts";
import { changeRequest, toForm } from "../new-task/change-request.ts";
import { emptyForm, type TaskForm, taskRules, toRequest } from "../new-task/task-form.ts";
import { TemplateFields } from "../new-task/template-fields.tsx";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";
import { sayMoment } from "../words.ts";
import { AdminList, type FormEnds } from "./admin-list.tsx";
import { FormDialog, required } from "./form-dialog.tsx";
import { taskErrorsOf } from "./task-errors.ts";

const path = "/api/orchestrator/workspaces/{workspace}/schedules";
type Schedule = paths[typeof path]["get"]["responses"][200]["content"]["application/json"]["schedules"][number];

const lookAgainMs = 10_000;
/** The clock says when, so a task of a schedule does not. */
const hidden = ["notBefore"] as const;

export function SchedulesPage() {
  const { workspace } = useSigned();
  const [edited, setEdited] = useState<Schedule>();
  const client = useQueryClient();
  const schedules = useQuery({
    queryKey: ["schedules", workspace],
    refetchInterval: lookAgainMs,
    queryFn: async () => (await ask(api.GET(path, { params: { path: { workspace } } }))).schedules,
  });
  return (
    <>
      <AdminList
        title={`Schedules of ${workspace}`}
        about="Tasks that drover asks for by itself, by the clock."
        queryKey="schedules"
        found={schedules}
        idOf={({ scheduleId }) => scheduleId}
        nameOf={({ name }) => name}
        empty="There are none yet. A nightly audit or a weekly update of dependencies is a good first one."
        columns={[
          { title: "Name", show: ({ name }) => <strong>{name}</strong> },
          {
            title: "When",
            show: ({ cron, timezone }) => (
              <>
                <span className="mono">{cron}</span> <span className="dim">{timezone}</span>
              </>
            ),
          },
          {
            title: "Next",
            show: ({ nextAt, paused }) => (paused || !nextAt ? <span className="dim">paused</span> : sayMoment(nextAt)),
          },
          { title: "Last time", show: ({ lastOutcome }) => <LastTime outcome={lastOutcome} /> },
        ]}
        creation={{ word: "New schedule", form: (ends) => <NewSchedule {...ends} /> }}
        acts={(schedule) => <Acts schedule={schedule} onEdit={() => setEdited(schedule)} />}
        removal={{
          word: "Remove",
          says: () => <p>It does not come again. The tasks that it has made go on.</p>,
          remove: ({ scheduleId }) =>
            ask(api.DELETE(`${path}/{scheduleId}`, { params: { path: { workspace, scheduleId } } })),
        }}
      />
      {edited && (
        <EditSchedule
          schedule={edited}
          onClose={() => setEdited(undefined)}
          onMade={() => {
            setEdited(undefined);
            void client.invalidateQueries({ queryKey: ["schedules"] });
          }}
        />
      )}
    </>
  );
}

function LastTime({ outcome }: { outcome: Schedule["lastOutcome"] }) {
  if (!outcome) return <span className="dim">not yet</span>;
  if (outcome.kind === "refused") {
    return (
      <span className="danger">
        refused <Age at={outcome.at} suffix=" ago" />: {outcome.why}
      </span>
    );
  }
  return (
    <Link href={`/tasks/${outcome.taskId}`}>
      a task <Age at={outcome.at} suffix=" ago" />
    </Link>
  );
}

function Acts({ schedule: { scheduleId, name, paused }, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const { workspace } = useSigned();
  const client = useQueryClient();
  const [, go] = useLocation();
  const params = { path: { workspace, scheduleId } };
  const turning = useMutation({
    mutationFn: () => ask(api.PATCH(`${path}/{scheduleId}`, { params, body: { paused: !paused } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  const running = useMutation({
    mutationFn: () =>
      ask(
        api.POST(`${path}/{scheduleId}/run`, {
          params: { ...params, header: { "idempotency-key": crypto.randomUUID() } },
        }),
      ),
    onSuccess: ({ taskId }) => go(`/tasks/${taskId}`),
  });
  const error = turning.error ?? running.error;
  const turn = paused ? "Resume" : "Pause";
  return (
    <>
      {error && <Notice title="That did not work">{actWordsOf(error)}</Notice>}
      <Button
        variant="default"
        aria-label={`Run now: ${name}`}
        loading={running.isPending}
        onClick={() => running.mutate()}
      >
        Run now
      </Button>
      <Button
        variant="default"
        aria-label={`${turn}: ${name}`}
        loading={turning.isPending}
        onClick={() => turning.mutate()}
      >
        {turn}
      </Button>
      <Button variant="default" aria-label={`Edit: ${name}`} onClick={onEdit}>
        Edit
      </Button>
    </>
  );
}

type ScheduleForm = TaskForm & { name: string; cron: string; timezone: string };

const whenRules = {
  name: required("Give it a name, as nightly-audit"),
  cron: required("Say when, as 0 3 * * 1-5 or @daily"),
};
const presets = ["@hourly", "@daily", "0 3 * * 1-5", "@weekly", "@monthly"];
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones = [...new Set(["UTC", here, ...Intl.supportedValuesOf("timeZone")])];

function WhenFields({ form }: { form: UseFormReturnType<ScheduleForm> }) {
  return (
    <Stack gap="xs">
      <TextInput label="Name" placeholder="nightly-audit" required data-autofocus {...form.getInputProps("name")} />
      <Group grow align="flex-start">
        <Autocomplete
          label="When"
          description="Minute, hour, day, month, day of the week"
          placeholder="0 3 * * 1-5"
          required
          data={presets}
          filter={({ options }) => options}
          classNames={{ input: "mono" }}
          {...form.getInputProps("cron")}
        />
        <Select
          label="Time zone"
          description="Of that clock"
          data={zones}
          searchable
          limit={30}
          allowDeselect={false}
          {...form.getInputProps("timezone")}
        />
      </Group>
    </Stack>
  );
}

function NewSchedule(ends: FormEnds) {
  const { workspace } = useSigned();
  return (
    <ScheduleDialog
      title={`New schedule of ${workspace}`}
      act="Add"
      from={{ ...emptyForm, name: "", cron: "", timezone: here }}
      send={(when, form) => {
        const body = { ...when, task: toRequest(form) };
        return ask(api.POST(path, { params: { path: { workspace } }, body }));
      }}
      {...ends}
    />
  );
}

function EditSchedule({ schedule, ...ends }: FormEnds & { schedule: Schedule }) {
  const { workspace } = useSigned();
  const { scheduleId, name, cron, timezone = "UTC", task } = schedule;
  return (
    <ScheduleDialog
      title={`Edit ${name}`}
      act="Save"
      from={{ ...toForm(task), name, cron, timezone }}
      send={(when, form) => {
        const body = { ...when, task: changeRequest(task, form) };
        return ask(api.PATCH(`${path}/{scheduleId}`, { params: { path: { workspace, scheduleId } }, body }));
      }}
      {...ends}
    />
  );
}

interface ScheduleDialogProps extends FormEnds {
  title: string;
  act: string;
  from: ScheduleForm;
  send(when: { name: string; cron: string; timezone: string }, form: TaskForm): Promise<unknown>;
}

function ScheduleDialog({ title, act, from, send, onMade, onClose }: ScheduleDialogProps) {
  const form = useForm<ScheduleForm>({ initialValues: from, validate: { ...taskRules, ...whenRules } });
  return (
    <FormDialog
      title={title}
      act={act}
      size="xl"
      form={form}
      send={({ name, cron, timezone, ...task }) => send({ name: name.trim(), cron: cron.trim(), timezone }, task)}
      errorsOf={taskErrorsOf}
      onMade={() => onMade()}
      onClose={onClose}
    >
      <Fieldset legend="When">
        <WhenFields form={form} />
      </Fieldset>
      <TemplateFields form={form} hides={hidden} />
    </FormDialog>
  );
}
