// What stands in a confined container's /etc? Only what programs cannot do without, and nothing about this machine.

/** Read-only from the host where it has them: public certificates, and the links that name the default tools. */
export const hostEtcDirectories = [
  "/etc/alternatives",
  "/etc/ssl/certs",
  "/etc/pki/tls/certs",
  "/etc/pki/ca-trust/extracted",
  "/etc/ca-certificates/extracted",
] as const;

export const etcFiles: Readonly<Record<string, string>> = {
  // Without localhost here, Node's test servers stop with EAI_AGAIN.
  hosts: "127.0.0.1 localhost drover\n::1 localhost\n",
  passwd: "agent:x:1000:1000:agent:/home/agent:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
  group: "agent:x:1000:\nnogroup:x:65534:\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
  // There is no network to ask a name server over.
  "resolv.conf": "",
};
