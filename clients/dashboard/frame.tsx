// What stands around every page? Where one can go, the workspace, whether the page is up to date, and who is signed in.
import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Menu,
  NavLink,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { StoppedBanner } from "./control/stopped-banner.tsx";
import { Connected } from "./fleet/connected.tsx";
import { WorkspaceChoice } from "./fleet/workspace-choice.tsx";
import { Guard } from "./parts/guard.tsx";
import { useTitle } from "./parts/use-title.ts";
import { useSigned } from "./session.tsx";
import { plain } from "./words.ts";

export function Frame({ children }: { children: ReactNode }) {
  const [open, menu] = useDisclosure(false);
  const [at] = useLocation();
  useTitle(nameOf(at));
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 176, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding={{ base: "xs", sm: "md" }}
      transitionDuration={0}
    >
      <button type="button" className="skip" onClick={() => document.getElementById("content")?.focus()}>
        Skip to the content
      </button>
      <AppShell.Header>
        <Group h="100%" px="sm" gap="sm" wrap="nowrap">
          <Burger
            opened={open}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label="Menu"
            aria-expanded={open}
          />
          <Link href="/" className="brand">
            drover
          </Link>
          <WorkspaceChoice />
          <Group ml="auto" gap="xs" wrap="nowrap">
            <Connected />
            <ThemeSwitch />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <Pages onChosen={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Guard key={at}>
          <StoppedBanner />
          {children}
        </Guard>
      </AppShell.Main>
    </AppShell>
  );
}

interface Place {
  path: string;
  name: string;
}

/** Admins see all of them. */
const groups: { name: string; places: Place[]; isForAll?: true }[] = [
  {
    name: "Work",
    isForAll: true,
    places: [
      { path: "/", name: "Fleet" },
      { path: "/new", name: "New task" },
      { path: "/backends", name: "Backends" },
    ],
  },
  {
    name: "Connections",
    places: [
      { path: "/schedules", name: "Schedules" },
      { path: "/sources", name: "Sources" },
      { path: "/webhooks", name: "Webhooks" },
    ],
  },
  {
    name: "Access",
    places: [
      { path: "/keys", name: "API keys" },
      { path: "/credentials", name: "Credentials" },
      { path: "/audit", name: "Audit log" },
    ],
  },
];

/** A task's page has a title of its own. */
const nameOf = (at: string) => groups.flatMap(({ places }) => places).find(({ path }) => path === at)?.name;

function Pages({ onChosen }: { onChosen: () => void }) {
  const { mayAdmin } = useSigned();
  const [at] = useLocation();
  const isAt = (path: string) => (path === "/" ? at === "/" || at.startsWith("/tasks/") : at.startsWith(path));
  return groups
    .filter(({ isForAll }) => mayAdmin || isForAll)
    .map(({ name, places }) => (
      <section key={name} className="places" aria-label={name}>
        {mayAdmin && (
          <Text size="xs" c="dimmed" px="xs" pb={2} aria-hidden>
            {name}
          </Text>
        )}
        {places.map((place) => (
          <NavLink
            key={place.path}
            component={Link}
            href={place.path}
            label={place.name}
            active={isAt(place.path)}
            aria-current={isAt(place.path) ? "page" : undefined}
            onClick={onChosen}
          />
        ))}
      </section>
    ));
}

function ThemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme() === "dark" ? "light" : "dark";
  return (
    <ActionIcon variant="default" aria-label={`Use the ${other} theme`} onClick={() => setColorScheme(other)}>
      <span aria-hidden>{other === "light" ? "☀" : "☾"}</span>
    </ActionIcon>
  );
}

function Account() {
  const { session, signOut } = useSigned();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" aria-label={`Signed in as ${session.name}`}>
          <span aria-hidden>{session.name.slice(0, 1).toUpperCase()}</span>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text fw={600}>{session.name}</Text>
          {plain(session.role)} of {session.workspace}
        </Menu.Label>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
