// How does an admin look after things of one kind? A table of them, a form for a new one, and a question before one is gone.
import { Button, Group, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { type UseQueryResult, useQueryClient } from "@tanstack/react-query";
import { Fragment, type ReactNode, useState } from "react";
import { wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { ReasonDialog } from "../parts/reason-dialog.tsx";
import { type Secret, SecretDialog } from "./secret-dialog.tsx";

export interface AdminColumn<T> {
  title: string;
  show: (one: T) => ReactNode;
}

/** What the form for a new one tells: it was left, or it is made, perhaps with something that is shown this once. */
export interface FormEnds {
  onClose: () => void;
  onMade: (secret?: Secret) => void;
}

interface AdminListProps<T> {
  title: string;
  /** One line below the title: what these are for. */
  about: ReactNode;
  /** The query behind `found`; read again after every change. */
  queryKey: string;
  found: Pick<UseQueryResult<T[]>, "data" | "error" | "refetch">;
  idOf: (one: T) => string;
  nameOf: (one: T) => string;
  columns: AdminColumn<T>[];
  /** Said while there are none. */
  empty: string;
  creation?: { word: string; form: (ends: FormEnds) => ReactNode } | undefined;
  removal?: {
    word: string;
    says: (one: T) => ReactNode;
    isPossible?: (one: T) => boolean;
    /** With what stands in its field for the reason. */
    asksReason?: string;
    remove: (one: T, reason: string) => Promise<unknown>;
  };
  acts?: (one: T) => ReactNode;
  /** Below a row, when somebody wants to see it. */
  details?: { word: string; show: (one: T) => ReactNode };
}

export function AdminList<T>(props: AdminListProps<T>) {
  const { title, about, queryKey, found, idOf, empty, creation, removal, nameOf } = props;
  const client = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<Secret>();
  const [asked, setAsked] = useState<T>();
  const readAgain = () => client.invalidateQueries({ queryKey: [queryKey] });
  const ends: FormEnds = {
    onClose: () => setMaking(false),
    onMade(made) {
      setMaking(false);
      setSecret(made);
      void readAgain();
    },
  };
  const make = creation && <Button onClick={() => setMaking(true)}>{creation.word}</Button>;
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start" gap="xs">
        <div className="page-head">
          <Title order={1}>{title}</Title>
          <Text c="dimmed">{about}</Text>
        </div>
        {make}
      </Group>
      {found.error && (
        <Notice title="They cannot be read" onRetry={() => void found.refetch()}>
          {wordsOf(found.error)}
        </Notice>
      )}
      {!found.data && !found.error && <Loading />}
      {found.data?.length === 0 && <div className="nothing panel">{empty}</div>}
      {found.data && found.data.length > 0 && (
        <AdminTable {...props} things={found.data} onRemove={(one) => setAsked(() => one)} />
      )}
      {isMaking && creation?.form(ends)}
      {secret && <SecretDialog {...secret} onClose={() => setSecret(undefined)} />}
      {asked !== undefined && removal && (
        <ReasonDialog
          key={idOf(asked)}
          title={`${removal.word} ${nameOf(asked)}?`}
          act={removal.word}
          asksReason={removal.asksReason !== undefined}
          placeholder={removal.asksReason}
          onAct={async (reason) => {
            await removal.remove(asked, reason);
            await readAgain();
          }}
          onClose={() => setAsked(undefined)}
        >
          {removal.says(asked)}
        </ReasonDialog>
      )}
    </Stack>
  );
}

const Loading = () => (
  <Stack gap={6} role="status" aria-label="Loading">
    {[1, 2, 3].map((n) => (
      <Skeleton key={n} height={34} />
    ))}
  </Stack>
);

type AdminTableProps<T> = AdminListProps<T> & { things: T[]; onRemove: (one: T) => void };

/** A table, and on a phone cards of the same cells: the roles are named since the styles there would take them away. */
function AdminTable<T>({ title, things, columns, idOf, nameOf, acts, details, removal, onRemove }: AdminTableProps<T>) {
  const [open, setOpen] = useState<string>();
  return (
    <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="region" aria-label={title}>
      <Table role="table" className="admin-table">
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map((column) => (
              <Table.Th role="columnheader" key={column.title}>
                {column.title}
              </Table.Th>
            ))}
            <Table.Th role="columnheader">
              <span className="sr-only">Acts</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {things.map((one) => {
            const id = idOf(one);
            const named = (act: string) => `${act}: ${nameOf(one)}`;
            return (
              <Fragment key={id}>
                <Table.Tr role="row" className={open === id ? "is-open" : ""}>
                  {columns.map((column) => (
                    <Table.Td role="cell" key={column.title} data-title={column.title}>
                      <div>{column.show(one)}</div>
                    </Table.Td>
                  ))}
                  <Table.Td role="cell" className="admin-acts">
                    <Group gap={6} justify="flex-end">
                      {acts?.(one)}
                      {details && (
                        <Button
                          variant="default"
                          aria-label={named(details.word)}
                          aria-expanded={open === id}
                          onClick={() => setOpen(open === id ? undefined : id)}
                        >
                          {details.word}
                        </Button>
                      )}
                      {removal && (removal.isPossible?.(one) ?? true) && (
                        <Button
                          variant="default"
                          className="danger"
                          aria-label={named(removal.word)}
                          onClick={() => onRemove(one)}
                        >
                          {removal.word}
                        </Button>
                      )}
                    </Group>
                  </Table.Td>
                </Table.Tr>
                {open === id && (
                  <Table.Tr role="row" className="admin-details">
                    <Table.Td role="cell" colSpan={columns.length + 1}>
                      {details?.show(one)}
                    </Table.Td>
                  </Table.Tr>
                )}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
