// What has an attempt changed? File by file, in colours; big files wait until somebody opens them.

import { DiffModeEnum, DiffView } from "@git-diff-view/react";
import { Accordion, Group, Text, useComputedColorScheme } from "@mantine/core";
import "@git-diff-view/react/styles/diff-view.css";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { wordsOf } from "../drover.ts";
import { Notice } from "../parts/notice.tsx";
import { count } from "../words.ts";
import { readArtifact } from "./artifact.ts";
import { type FileDiff, splitDiff } from "./split-diff.ts";

/** So many changed lines are open at once from the start. */
const maxOpenLines = 800;
const maxColouredCharacters = 200_000;

export function DiffTab({ taskId, attempt, version }: { taskId: string; attempt: number; version: number }) {
  const { data, error, isPending } = useQuery({
    queryKey: ["artifact", taskId, "diff", attempt, version],
    queryFn: () => readArtifact(taskId, "diff", attempt),
    placeholderData: (before) => before,
  });
  const files = useMemo(() => splitDiff(data ?? ""), [data]);
  if (error) return <Notice title="The diff cannot be read">{wordsOf(error)}</Notice>;
  if (isPending) return <div className="nothing">Reading the diff…</div>;
  if (files.length === 0)
    return <div className="nothing">{data === null ? "No diff yet." : "Nothing was changed."}</div>;
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return (
    <section aria-label="Diff">
      <Text size="xs" c="dimmed" mb={4}>
        {count(files.length, "file")}, <span className="plus">+{additions}</span>{" "}
        <span className="minus">−{deletions}</span>
      </Text>
      <Accordion multiple variant="contained" defaultValue={openAtFirst(files)} transitionDuration={0} className="diff">
        {files.map((file) => (
          <Accordion.Item key={file.path} value={file.path}>
            <Accordion.Control>
              <FileHead file={file} />
            </Accordion.Control>
            <Accordion.Panel>
              <FileBody file={file} />
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </section>
  );
}

function openAtFirst(files: FileDiff[]): string[] {
  let lines = 0;
  return files
    .filter((file) => {
      lines += file.additions + file.deletions;
      return lines <= maxOpenLines;
    })
    .map(({ path }) => path);
}

function FileHead({ file: { path, oldPath, kind, additions, deletions } }: { file: FileDiff }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <span className="mono path">{oldPath === path ? path : `${oldPath} → ${path}`}</span>
      {kind !== "changed" && <span className="dim">{kind}</span>}
      <span className="plus">+{additions}</span>
      <span className="minus">−{deletions}</span>
    </Group>
  );
}

function FileBody({ file }: { file: FileDiff }) {
  const scheme = useComputedColorScheme();
  const data = useMemo(
    () => ({
      oldFile: { fileName: file.oldPath, fileLang: languageOf(file.oldPath) },
      newFile: { fileName: file.path, fileLang: languageOf(file.path) },
      hunks: [file.text],
    }),
    [file],
  );
  if (file.kind === "binary") return <Text c="dimmed">A binary file: there is nothing to show.</Text>;
  if (file.additions + file.deletions === 0) return <Text c="dimmed">No line was changed.</Text>;
  return (
    <DiffView
      data={data}
      diffViewMode={DiffModeEnum.Unified}
      diffViewHighlight={file.text.length <= maxColouredCharacters}
      diffViewTheme={scheme}
      diffViewFontSize={12}
      diffViewWrap
    />
  );
}

const languageOf = (path: string) => /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "plaintext";
