// From which forges do issues become tasks, which of them, and what kind of task?
import { Fieldset, Group, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { ask } from "../../client.ts";
import { sayTrigger } from "../../say-trigger.ts";
import { api } from "../drover.ts";
import { emptyForm, type TaskForm, taskRules, toTemplate } from "../new-task/task-form.ts";
import { TemplateFields } from "../new-task/template-fields.tsx";
import { useSigned } from "../session.tsx";
import { AdminList, type FormEnds } from "./admin-list.tsx";
import { FormDialog, required } from "./form-dialog.tsx";
import { taskErrorsOf } from "./task-errors.ts";

const path = "/api/orchestrator/workspaces/{workspace}/sources";

const forges = [
  { value: "github", label: "GitHub" },
  { value: "gitea", label: "Gitea or Forgejo" },
];
/** An issue says where and what. */
const hidden = ["repository", "prompt", "title", "notBefore"] as const;

export function SourcesPage() {
  const { workspace } = useSigned();
  const sources = useQuery({
    queryKey: ["sources", workspace],
    queryFn: async () => (await ask(api.GET(path, { params: { path: { workspace } } }))).sources,
  });
  return (
    <AdminList
      title={`Sources of ${workspace}`}
      about="Issues of GitHub, Gitea and Forgejo that become tasks; the result comes back as a comment."
      queryKey="sources"
      found={sources}
      idOf={({ sourceId }) => sourceId}
      nameOf={({ name }) => name}
      empty="There are none yet. Add one, then give its address and secret to the forge as a webhook."
      columns={[
        { title: "Name", show: ({ name }) => <strong>{name}</strong> },
        { title: "Forge", show: ({ kind }) => forges.find(({ value }) => value === kind)?.label ?? kind },
        { title: "Repositories", show: ({ repositories }) => <span className="wrap">{repositories.join(", ")}</span> },
        { title: "Starts at", show: sayTrigger },
        {
          title: "Address for the forge",
          show: ({ path: hook }) => <span className="mono wrap">{`${location.origin}${hook}`}</span>,
        },
      ]}
      creation={{ word: "New source", form: (ends) => <NewSource {...ends} /> }}
      removal={{
        word: "Remove",
        says: () => (
          <p>Its issues become no tasks any more, and its secret is gone. The tasks that it has made go on.</p>
        ),
        remove: ({ sourceId }) => ask(api.DELETE(`${path}/{sourceId}`, { params: { path: { workspace, sourceId } } })),
      }}
    />
  );
}

type SourceForm = TaskForm & {
  name: string;
  forge: string;
  repositories: string[];
  label: string;
  assignee: string;
  trigger: string;
  allowedUsers: string[];
};

function NewSource({ onClose, onMade }: FormEnds) {
  const { workspace } = useSigned();
  const form = useForm<SourceForm>({
    initialValues: {
      ...emptyForm,
      ...{ name: "", forge: "github", repositories: [], allowedUsers: [] },
      ...{ label: "drover", assignee: "", trigger: "/drover", wantsPullRequest: true },
    },
    validate: {
      command: taskRules.command,
      yoloReason: taskRules.yoloReason,
      name: required("Give it a name, as shop-issues"),
      repositories: (patterns) => (patterns.length > 0 ? null : "Say of which, as https://github.com/acme/*"),
      label: (label, { assignee, trigger }) =>
        [label, assignee, trigger].some((way) => way.trim()) ? null : "Name a label, a user or a comment",
    },
  });
  return (
    <FormDialog
      title={`New source of ${workspace}`}
      act="Add"
      size="xl"
      form={form}
      send={(values) => ask(api.POST(path, { params: { path: { workspace } }, body: bodyOf(values) }))}
      errorsOf={sourceErrorsOf}
      onMade={({ path: hook, secret, name }) =>
        onMade({
          title: `Tell the forge of ${name}`,
          says: "In the settings of the repository or organisation: a webhook with content type application/json, for issues and issue comments. The secret is shown here and never again.",
          values: [
            { label: "Address", value: `${location.origin}${hook}` },
            { label: "Secret", value: secret },
          ],
        })
      }
      onClose={onClose}
    >
      <Fieldset legend="Which issues">
        <Stack gap="xs">
          <Group grow align="flex-start">
            <TextInput label="Name" placeholder="shop-issues" required data-autofocus {...form.getInputProps("name")} />
            <Select label="Forge" data={forges} allowDeselect={false} {...form.getInputProps("forge")} />
          </Group>
          <TagsInput
            label="Repositories"
            placeholder="https://github.com/acme/*"
            description="Enter adds one"
            required
            acceptValueOnBlur
            {...form.getInputProps("repositories")}
          />
          <Group grow align="flex-start">
            <TextInput label="Label" placeholder="none" {...form.getInputProps("label")} />
            <TextInput label="Assigned to" placeholder="nobody" {...form.getInputProps("assignee")} />
            <TextInput label="Comment that begins with" placeholder="none" {...form.getInputProps("trigger")} />
          </Group>
          <TagsInput
            label="Users who may comment"
            description="Beside those whom GitHub calls members; Gitea and Forgejo call nobody that"
            placeholder="Enter adds one"
            acceptValueOnBlur
            {...form.getInputProps("allowedUsers")}
          />
        </Stack>
      </Fieldset>
      <TemplateFields form={form} hides={hidden} />
    </FormDialog>
  );
}

function bodyOf(values: SourceForm) {
  const { name, forge, repositories, label, assignee, trigger, allowedUsers } = values;
  return {
    name: name.trim(),
    kind: forge as "github" | "gitea",
    repositories,
    trigger: {
      ...(label.trim() && { label: label.trim() }),
      ...(assignee.trim() && { assignee: assignee.trim() }),
      ...(trigger.trim() && { command: trigger.trim() }),
    },
    task: toTemplate(values),
    ...(allowedUsers.length > 0 && { allowedUsers }),
  };
}

/** `command` of the trigger is not the command of the task. */
const sourceErrorsOf = (errors: Record<string, string>) => {
  const { "trigger.label": label, "trigger.assignee": assignee, "trigger.command": command, trigger, ...rest } = errors;
  return { ...taskErrorsOf(rest), label: label ?? trigger, assignee, trigger: command };
};
