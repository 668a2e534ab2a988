// Is a provider out of quota? Which, and until when; nothing where all is well.
import { useCredentials } from "../admin/use-credentials.ts";
import { Notice } from "../parts/notice.tsx";
import { sayMoment } from "../words.ts";

export function QuotaNotice() {
  const { data: credentials } = useCredentials();
  return credentials?.map(
    ({ name, pausedUntil }) =>
      pausedUntil && (
        <Notice key={name} tone="warn" title={`The provider of ${name} is out of quota`}>
          What needs it waits until {sayMoment(pausedUntil)}, or until an admin resumes it at the credential.
        </Notice>
      ),
  );
}
