// Who may use the workspace? Its API keys: made here, shown once, revoked at once.
import { Badge, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ask, type Session } from "../../client.ts";
import { api } from "../drover.ts";
import { Age } from "../parts/age.tsx";
import { Notice } from "../parts/notice.tsx";
import { useSigned } from "../session.tsx";
import { plain } from "../words.ts";
import { AdminList, type FormEnds } from "./admin-list.tsx";
import { FormDialog, required } from "./form-dialog.tsx";
import { useKeys } from "./use-keys.ts";

type Role = Session["role"];
const path = "/api/orchestrator/workspaces/{workspace}/keys";

export function KeysPage() {
  const { workspace, session } = useSigned();
  const keys = useKeys();
  return (
    <AdminList
      title={`API keys of ${workspace}`}
      about="Who may use the workspace, as what, and in whose name."
      queryKey="keys"
      found={keys}
      idOf={({ keyId }) => keyId}
      nameOf={({ name }) => name}
      empty="There are no keys."
      columns={[
        {
          title: "Name",
          show: ({ name, keyId, revokedAt }) => (
            <>
              <strong>{name}</strong> <span className="mono dim">…{keyId.slice(-6)}</span>{" "}
              {keyId === session.keyId && <span className="label">yours</span>}
              {revokedAt && (
                <Badge variant="outline" size="sm" className="mark mark-bad">
                  revoked
                </Badge>
              )}
            </>
          ),
        },
        { title: "Role", show: ({ role }) => plain(role) },
        { title: "Speaks for", show: ({ principal, keyId }) => (principal === keyId ? "itself" : principal) },
        { title: "Made", show: ({ createdAt }) => <Age at={createdAt} suffix=" ago" /> },
      ]}
      creation={{ word: "New key", form: (ends) => <NewKey {...ends} /> }}
      removal={{
        word: "Revoke",
        isPossible: ({ revokedAt }) => revokedAt === undefined,
        says: ({ keyId }) => (
          <>
            <p>Whoever uses it is refused at once, and sessions that it has begun end. This cannot be taken back.</p>
            {keyId === session.keyId && (
              <Notice tone="warn" title="It is the key that you are signed in with">
                You will be signed out.
              </Notice>
            )}
          </>
        ),
        remove: ({ keyId }) => ask(api.DELETE(`${path}/{keyId}`, { params: { path: { workspace, keyId } } })),
      }}
    />
  );
}

function NewKey({ onClose, onMade }: FormEnds) {
  const { workspace, mayAll } = useSigned();
  const form = useForm({
    initialValues: { name: "", principal: "", role: "member" as Role },
    validate: { name: required("Give it a name, to know it by") },
  });
  const roles: Role[] = ["member", "workspace_admin", ...(mayAll ? (["super_admin"] as const) : [])];
  return (
    <FormDialog
      title={`New key of ${workspace}`}
      act="Make it"
      form={form}
      send={({ name, principal, role }) => {
        const body = { name: name.trim(), role, ...(principal.trim() && { principal: principal.trim() }) };
        return ask(api.POST(path, { params: { path: { workspace } }, body }));
      }}
      onMade={({ apiKey, name }) =>
        onMade({
          title: "The new key",
          says: "It is shown here and never again.",
          values: [{ label: name, value: apiKey }],
        })
      }
      onClose={onClose}
    >
      <TextInput label="Name" placeholder="ci" required data-autofocus {...form.getInputProps("name")} />
      <Select
        label="Role"
        description={roleWords[form.values.role]}
        data={roles.map((value) => ({ value, label: plain(value) }))}
        allowDeselect={false}
        {...form.getInputProps("role")}
      />
      <TextInput
        label="Speaks for"
        description="The same for a key that replaces another: its owner's tasks stay its own"
        placeholder="itself"
        {...form.getInputProps("principal")}
      />
    </FormDialog>
  );
}

const roleWords: Record<Role, string> = {
  member: "Asks for tasks, and stops its own",
  workspace_admin: "Stops everything of the workspace, and manages its keys, credentials and connections",
  super_admin: "Everything, in every workspace",
};
