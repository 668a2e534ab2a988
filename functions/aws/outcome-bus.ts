// How do outcomes get on the EventBridge bus that others subscribe to?
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { toDetail } from "../core/describe-notice.ts";
import type { Notice, OutcomeBus } from "../core/notices.ts";
import { needed } from "./request-limits.ts";

const source = "drover";

/** `busName` may be an ARN, also of another account. */
export function openOutcomeBus(busName: string, client = new EventBridgeClient(needed())): OutcomeBus {
  return {
    async publish(notices) {
      const entries = notices.map((notice) => toEntry(busName, notice));
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }));
      // The answer of each entry stands in its place.
      return notices.flatMap((notice, i) => (Entries[i]?.EventId ? [] : [{ notice, why: whyOf(Entries[i]) }]));
    },
  };
}

const toEntry = (EventBusName: string, notice: Notice) => ({
  EventBusName,
  Source: source,
  DetailType: notice.type,
  Time: new Date(notice.at),
  Detail: toDetail(notice),
});

const whyOf = (answer: { ErrorCode?: string; ErrorMessage?: string } | undefined) =>
  [answer?.ErrorCode, answer?.ErrorMessage].filter(Boolean).join(": ") || "it was not named in the answer";
