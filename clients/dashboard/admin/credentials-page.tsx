// Which tokens and model keys may the workspace's tasks use? Set and replaced here, never read.
import { Button, PasswordInput, SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, type paths } from "../../client.ts";
import { api } from "../drover.ts";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { useSigned } from "../session.tsx";
import { sayMoment } from "../words.ts";
import { AdminList, type FormEnds } from "./admin-list.tsx";
import { FormDialog, required } from "./form-dialog.tsx";
import { useCredentials } from "./use-credentials.ts";

const path = "/api/orchestrator/workspaces/{workspace}/credentials";
type Body = paths[`${typeof path}/{name}`]["put"]["requestBody"]["content"]["application/json"];

export function CredentialsPage() {
  const { workspace } = useSigned();
  const [replaced, setReplaced] = useState<string>();
  const [resumed, setResumed] = useState<string>();
  const client = useQueryClient();
  const readAgain = () => client.invalidateQueries({ queryKey: ["credentials"] });
  return (
    <>
      <AdminList
        title={`Credentials of ${workspace}`}
        about="Tokens of git hosts and keys of models, which tasks use by name. What they hold is never shown."
        queryKey="credentials"
        found={useCredentials()}
        idOf={({ name }) => name}
        nameOf={({ name }) => name}
        empty="There are none yet. A public repository and a command need none; a model needs its key."
        columns={[
          { title: "Name", show: ({ name }) => <strong>{name}</strong> },
          {
            title: "State",
            show: ({ pausedUntil }) =>
              pausedUntil ? (
                <span className="danger">its provider is out of quota until {sayMoment(pausedUntil)}</span>
              ) : (
                <span className="dim">set</span>
              ),
          },
        ]}
        creation={{ word: "New credential", form: (ends) => <SetCredential {...ends} /> }}
        removal={{
          word: "Remove",
          says: () => <p>Tasks that name it fail when they start; what runs goes on with what it was given.</p>,
          remove: ({ name }) => ask(api.DELETE(`${path}/{name}`, { params: { path: { workspace, name } } })),
        }}
        acts={({ name, pausedUntil }) => (
          <>
            {pausedUntil && (
              <Button variant="default" aria-label={`Resume its queue: ${name}`} onClick={() => setResumed(name)}>
                Resume its queue
              </Button>
            )}
            <Button variant="default" aria-label={`Replace: ${name}`} onClick={() => setReplaced(name)}>
              Replace
            </Button>
          </>
        )}
      />
      {replaced !== undefined && (
        <SetCredential
          name={replaced}
          onClose={() => setReplaced(undefined)}
          onMade={() => {
            setReplaced(undefined);
            void readAgain();
          }}
        />
      )}
      {resumed !== undefined && (
        <ReasonDialog
          title={`Resume what waits for ${resumed}?`}
          act="Resume"
          tone="normal"
          placeholder="the limit was raised"
          onClose={() => setResumed(undefined)}
          onAct={async (reason) => {
            const params = { path: { workspace, name: resumed } };
            await ask(api.POST(`${path}/{name}/resume`, { params, body: { reason } }));
            await readAgain();
          }}
        >
          <p>Tasks that wait for its provider may run at once. If it still has no quota, they wait again.</p>
        </ReasonDialog>
      )}
    </>
  );
}

/** A type, since a form of any fields takes no interface. */
type CredentialForm = {
  use: string;
  name: string;
  token: string;
  username: string;
  repositories: string[];
  forge: string | null;
  provider: string;
  baseUrl: string;
  region: string;
};

function SetCredential({ name = "", onClose, onMade }: FormEnds & { name?: string }) {
  const { workspace } = useSigned();
  const form = useForm<CredentialForm>({
    initialValues: {
      ...{ use: "git", name, token: "", username: "", repositories: [], forge: null },
      ...{ provider: "anthropic", baseUrl: "", region: "" },
    },
    validate: { name: required("Give it a name; tasks use it by that"), token: required("Paste the token") },
  });
  const { use, provider } = form.values;
  return (
    <FormDialog
      title={name ? `Replace ${name}` : "New credential"}
      act="Store"
      form={form}
      send={(values) =>
        ask(
          api.PUT(`${path}/{name}`, {
            params: { path: { workspace, name: values.name.trim() } },
            body: bodyOf(values),
          }),
        )
      }
      errorsOf={(errors) =>
        Object.fromEntries(
          Object.entries(errors).map(([field, message]) => [
            field.startsWith("model.") || field.startsWith("forge.")
              ? (field.split(".")[1] ?? field)
              : (field.split(".")[0] ?? field),
            message,
          ]),
        )
      }
      onMade={() => onMade()}
      onClose={onClose}
    >
      <SegmentedControl
        aria-label="What for"
        data={[
          { value: "git", label: "Token of a git host" },
          { value: "model", label: "Key of a model" },
        ]}
        {...form.getInputProps("use")}
      />
      <TextInput
        label="Name"
        placeholder={use === "git" ? "github" : "anthropic"}
        description={use === "model" ? "Tasks use anthropic unless they name another" : "Tasks name it"}
        required
        disabled={name !== ""}
        data-autofocus={name === "" || undefined}
        {...form.getInputProps("name")}
      />
      <PasswordInput
        label={use === "git" ? "Token" : "Key"}
        required
        autoComplete="off"
        data-autofocus={name !== "" || undefined}
        {...form.getInputProps("token")}
      />
      {use === "git" ? (
        <>
          <TagsInput
            label="Only for"
            placeholder="https://git.example.com/acme/*"
            description="Enter adds one. Without any: the well-known git hosts"
            {...form.getInputProps("repositories")}
          />
          <Select
            label="Forge"
            description="For pull requests elsewhere than github.com"
            placeholder="as its host says"
            clearable
            clearButtonProps={{ "aria-label": "No forge" }}
            data={[
              { value: "github", label: "GitHub" },
              { value: "gitea", label: "Gitea or Forgejo" },
            ]}
            {...form.getInputProps("forge")}
          />
          <TextInput label="User name" placeholder="as the host expects" {...form.getInputProps("username")} />
        </>
      ) : (
        <>
          <Select
            label="Provider"
            data={["anthropic", "bedrock"]}
            allowDeselect={false}
            {...form.getInputProps("provider")}
          />
          {provider === "bedrock" && (
            <TextInput label="Region" placeholder="eu-central-1" {...form.getInputProps("region")} />
          )}
          <TextInput label="Gateway" placeholder="the provider's own address" {...form.getInputProps("baseUrl")} />
        </>
      )}
    </FormDialog>
  );
}

function bodyOf({ use, token, username, repositories, forge, provider, baseUrl, region }: CredentialForm): Body {
  if (use === "model") {
    return {
      token,
      model: {
        provider: provider as "anthropic" | "bedrock",
        ...(baseUrl.trim() && { baseUrl: baseUrl.trim() }),
        ...(region.trim() && { region: region.trim() }),
      },
    };
  }
  return {
    token,
    ...(username.trim() && { username: username.trim() }),
    ...(repositories.length > 0 && { repositories }),
    ...(forge && { forge: { kind: forge as "github" | "gitea" } }),
  };
}
