// What does a visitor see? The sign-in, or, with a session, the page that the address names.
import { Center, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Redirect, Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { ask } from "../client.ts";
import { api, carryCsrfOf, isStranger, sessionKey, wordsOf } from "./drover.ts";
import { FleetPage } from "./fleet/fleet-page.tsx";
import { FleetProvider } from "./fleet/use-fleet.tsx";
import { Frame } from "./frame.tsx";
import { Notice } from "./parts/notice.tsx";
import { SignedProvider } from "./session.tsx";
import { SignIn } from "./sign-in.tsx";

const pages = {
  Task: lazy(async () => ({ default: (await import("./task/task-page.tsx")).TaskPage })),
  NewTask: lazy(async () => ({ default: (await import("./new-task/new-task-page.tsx")).NewTaskPage })),
  Schedules: lazy(async () => ({ default: (await import("./admin/schedules-page.tsx")).SchedulesPage })),
  Sources: lazy(async () => ({ default: (await import("./admin/sources-page.tsx")).SourcesPage })),
  Webhooks: lazy(async () => ({ default: (await import("./admin/webhooks-page.tsx")).WebhooksPage })),
  Backends: lazy(async () => ({ default: (await import("./admin/backends-page.tsx")).BackendsPage })),
  Keys: lazy(async () => ({ default: (await import("./admin/keys-page.tsx")).KeysPage })),
  Credentials: lazy(async () => ({ default: (await import("./admin/credentials-page.tsx")).CredentialsPage })),
  Audit: lazy(async () => ({ default: (await import("./admin/audit-page.tsx")).AuditPage })),
};

const wait = (
  <Center h="50vh">
    <Loader aria-label="Loading" />
  </Center>
);

export function App() {
  const who = useQuery({
    queryKey: sessionKey,
    staleTime: Number.POSITIVE_INFINITY,
    async queryFn() {
      const session = await ask(api.GET("/api/session"));
      carryCsrfOf(session);
      return session;
    },
  });
  if (who.isPending) return wait;
  if (isStranger(who.error)) return <SignIn hasEnded={who.data !== undefined} />;
  if (!who.data) {
    return (
      <Center h="60vh">
        <Notice title="drover does not answer" onRetry={() => void who.refetch()}>
          {wordsOf(who.error)}
        </Notice>
      </Center>
    );
  }
  return (
    <SignedProvider session={who.data}>
      <FleetProvider>
        <Router hook={useHashLocation}>
          <Frame>
            <Suspense fallback={wait}>
              <Switch>
                <Route path="/">
                  <FleetPage />
                </Route>
                <Route path="/tasks/:taskId">{({ taskId }) => <pages.Task key={taskId} taskId={taskId} />}</Route>
                <Route path="/new" component={pages.NewTask} />
                <Route path="/schedules" component={pages.Schedules} />
                <Route path="/sources" component={pages.Sources} />
                <Route path="/webhooks" component={pages.Webhooks} />
                <Route path="/backends" component={pages.Backends} />
                <Route path="/keys" component={pages.Keys} />
                <Route path="/credentials" component={pages.Credentials} />
                <Route path="/audit" component={pages.Audit} />
                <Route>
                  <Redirect to="/" />
                </Route>
              </Switch>
            </Suspense>
          </Frame>
        </Router>
      </FleetProvider>
    </SignedProvider>
  );
}
