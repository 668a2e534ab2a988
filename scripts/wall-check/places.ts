// Where is what in the network that the wall is checked in?

export const addresses = {
  sandbox: "10.90.16.10",
  /** Of the filter, towards the sandboxes and towards the outside. */
  inner: "10.90.16.1",
  outer: "198.51.100.2",
  gateway: "198.51.100.1",
  resolver: "169.254.169.253",
  allowed: "198.51.100.10",
  /** Nobody has allowed it. */
  other: "203.0.113.66",
  metadata: "169.254.169.254",
  internal: "10.90.99.99",
} as const;

/** What the names lead to. */
export const names: Record<string, string> = {
  "allowed.example.com": addresses.allowed,
  "deep.below.example.org": addresses.allowed,
  "other.example.net": addresses.other,
  "allowed.example.com.other.example.net": addresses.other,
  "turned.example.com": addresses.metadata,
  "inward.example.com": addresses.internal,
};

/** What the filter is told to let out. */
export const allowedHosts = ["allowed.example.com", "*.example.org", "turned.example.com", "inward.example.com"];
