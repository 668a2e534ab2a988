// What does a visitor see? The sign-in, or, with a session, the page that the address names.
import { Center, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Redirect, Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { ask, DroverProblem } from "../client.ts";
import { api, carryCsrfOf, wordsOf } from "./drover.ts";
import { FleetPage } from "./fleet/fleet-page.tsx";
import { FleetProvider } from "./fleet/use-fleet.tsx";
import { Frame } from "./frame.tsx";
import { Notice } from "./parts/notice.tsx";
import { SignedProvider } from "./session.tsx";
import { SignIn } from "./sign-in.tsx";

const TaskPage = lazy(async () => ({ default: (await import("./task/task-page.tsx")).TaskPage }));

const NewTaskPage = lazy(async () => ({ default: (await import("./new-task/new-task-page.tsx")).NewTaskPage }));
const BackendsPage = lazy(async () => ({ default: (await import("./admin/backends-page.tsx")).BackendsPage }));
const KeysPage = lazy(async () => ({ default: (await import("./admin/keys-page.tsx")).KeysPage }));
const CredentialsPage = lazy(async () => ({ default: (await import("./admin/credentials-page.tsx")).CredentialsPage }));
const WebhooksPage = lazy(async () => ({ default: (await import("./admin/webhooks-page.tsx")).WebhooksPage }));

const wait = (
  <Center h="50vh">
    <Loader aria-label="Loading" />
  </Center>
);

export function App() {
  const who = useQuery({
    queryKey: ["session"],
    staleTime: Number.POSITIVE_INFINITY,
    async queryFn() {
      const session = await ask(api.GET("/api/session"));
      carryCsrfOf(session);
      return session;
    },
  });
  if (who.isPending) return wait;
  const isStranger = who.error instanceof DroverProblem && who.error.status === 401;
  if (isStranger) return <SignIn />;
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
                <Route path="/tasks/:taskId">{({ taskId }) => <TaskPage key={taskId} taskId={taskId} />}</Route>
                <Route path="/new" component={NewTaskPage} />
                <Route path="/backends" component={BackendsPage} />
                <Route path="/keys" component={KeysPage} />
                <Route path="/credentials" component={CredentialsPage} />
                <Route path="/webhooks" component={WebhooksPage} />
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
