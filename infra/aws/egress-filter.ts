// What does the filter of a walled network let out? TLS to names on a list, and nothing else: its configuration, as text.

/** `registry.npmjs.org`, or `*.example.com` for all below it. */
const hostPattern = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$/;

export interface FilterSettings {
  hosts: readonly string[];
  /** Where sandboxes are. */
  from: readonly string[];
  /** Who resolves names; in a VPC always there. */
  resolver: string;
}

export const vpcResolver = "169.254.169.253";
export const listenPort = 8443;
const clock = "169.254.169.123";
/** A model may think for long before it says the next thing. */
const silence = "15m";

/** What a name leads to inside of the network, or to this instance itself, is not meant to be reached by it. */
const inside = "{ 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16 }";

/**
 * Who asks for an address is not believed: the name in the TLS greeting is looked up here, and that is where the
 * connection goes. A greeting without a name, or with one that is not listed, leads nowhere.
 */
export function writeNginx({ hosts, resolver }: FilterSettings, modules: string): string {
  const targets = hosts.map((host) => `    ${checkHost(host)} $ssl_preread_server_name:443;`);
  return `include ${modules};
worker_processes auto;
events { worker_connections 4096; }
stream {
  resolver ${resolver} ipv6=off valid=30s;
  map_hash_bucket_size 256;
  map $ssl_preread_server_name $target {
    hostnames;
    default "";
${targets.join("\n")}
  }
  log_format egress '$time_iso8601 $remote_addr "$ssl_preread_server_name" $status $bytes_sent $bytes_received';
  access_log /var/log/nginx/egress.log egress;
  server {
    listen ${listenPort};
    ssl_preread on;
    preread_timeout 5s;
    proxy_connect_timeout 5s;
    proxy_timeout ${silence};
    proxy_pass $target;
  }
}
`;
}

/** Nothing is forwarded, ever: what is not taken in by the proxy ends here. Without the proxy nothing gets out. */
export function writeNft({ from, resolver }: FilterSettings): string {
  const sandboxes = `{ ${from.join(", ")} }`;
  return `flush ruleset
table inet drover {
  chain take {
    type nat hook prerouting priority dstnat;
    ip saddr ${sandboxes} tcp dport 443 redirect to :${listenPort}
  }
  chain in {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif lo accept
    ip saddr ${sandboxes} tcp dport ${listenPort} ct original proto-dst 443 accept
  }
  chain through {
    type filter hook forward priority filter; policy drop;
  }
  chain out {
    type filter hook output priority filter; policy drop;
    ct state established,related accept
    oif lo accept
    ip daddr ${resolver} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${clock} udp dport 123 accept
    ip daddr != ${inside} tcp dport 443 accept
  }
}
`;
}

/** For Amazon Linux 2023, run once as root at the first start. Until it is through nothing listens, and nothing is forwarded. */
export function writeUserData(settings: FilterSettings): string {
  return `#!/bin/bash
set -eu
# The network may not be there yet.
until dnf install -y nftables nginx nginx-mod-stream; do sleep 5; done
cat > /etc/sysconfig/nftables.conf <<'END'
${writeNft(settings)}END
cat > /etc/nginx/nginx.conf <<'END'
${writeNginx(settings, "/usr/share/nginx/modules/*.conf")}END
nginx -t
systemctl enable --now nftables nginx
`;
}

/** They become a part of a script that root runs. */
function checkHost(host: string): string {
  if (hostPattern.test(host)) return host;
  throw new Error(
    `"${host}" is not the name of a host; write it as registry.npmjs.org, or *.example.com for all below.`,
  );
}
