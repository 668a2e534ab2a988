// Why can this machine not confine a container, and what should its owner do about it?

/** What the probe saw of the machine; undefined where the kernel does not have the setting. */
export interface MachineFacts {
  platform: NodeJS.Platform;
  bubblewrapPath?: string | undefined;
  /** Runs in a Docker-like container itself. */
  insideContainer: boolean;
  /** kernel.apparmor_restrict_unprivileged_userns, Ubuntu 23.10 and later. */
  appArmorRestricts?: boolean | undefined;
  /** user.max_user_namespaces */
  maxUserNamespaces?: number | undefined;
  /** kernel.unprivileged_userns_clone, Debian and older Ubuntu. */
  unprivilegedAllowed?: boolean | undefined;
  asRoot: boolean;
}

export interface Diagnosis {
  cause: string;
  remedy: string;
}

export const installCommand = "sudo apt-get install -y bubblewrap";

const settingUp =
  /setting up uid map|RTM_NEWADDR|No permissions? to creat|Creating new namespace failed|Operation not permitted/i;

/** From the most to the least certain; `stderr` is what bubblewrap said, empty when it was not even run. */
export function diagnose(stderr: string, facts: MachineFacts): Diagnosis {
  if (facts.platform !== "linux") {
    return {
      cause: `Containers are confined with Linux namespaces, and this is ${facts.platform}.`,
      remedy: "Run drover on Linux (a virtual machine will do), or deploy it to AWS.",
    };
  }
  if (!facts.bubblewrapPath) {
    return {
      cause: "bubblewrap (bwrap) is not installed.",
      remedy: `Install it: \`${installCommand}\` (Debian, Ubuntu), \`dnf install bubblewrap\` (Fedora), \`pacman -S bubblewrap\` (Arch).`,
    };
  }
  if (/setpriv|prlimit/.test(stderr) && /not found|No such file/.test(stderr)) {
    return {
      cause: "prlimit or setpriv, which set a container's limits, are missing.",
      remedy: "Install util-linux: `sudo apt-get install -y util-linux`.",
    };
  }
  if (facts.maxUserNamespaces === 0) {
    return {
      cause: "User namespaces are switched off (user.max_user_namespaces = 0).",
      remedy: "Switch them on: `sudo sysctl -w user.max_user_namespaces=15000`, and keep it in /etc/sysctl.d/.",
    };
  }
  if (facts.unprivilegedAllowed === false && settingUp.test(stderr)) {
    return {
      cause: "Ordinary users may not make user namespaces (kernel.unprivileged_userns_clone = 0).",
      remedy: "Allow it: `sudo sysctl -w kernel.unprivileged_userns_clone=1`, and keep it in /etc/sysctl.d/.",
    };
  }
  if (facts.appArmorRestricts && settingUp.test(stderr)) return diagnoseAppArmor(facts.bubblewrapPath);
  if (/No space left on device|namespaces exceeded/.test(stderr)) {
    return {
      cause: "The limit of user namespaces is used up (user.max_user_namespaces).",
      remedy: "Raise it: `sudo sysctl -w user.max_user_namespaces=15000`, and keep it in /etc/sysctl.d/.",
    };
  }
  if (facts.insideContainer && (settingUp.test(stderr) || /mount proc|EPERM|EINVAL|denied/i.test(stderr))) {
    return {
      cause: "This is a container that may not make namespaces or mount /proc, as Docker's are unless told otherwise.",
      remedy:
        "Run drover on the machine itself or in a virtual machine. In Docker it takes `--security-opt seccomp=unconfined " +
        "--security-opt apparmor=unconfined --security-opt systempaths=unconfined`, which opens that container wide.",
    };
  }
  if (facts.asRoot && /EPERM|EINVAL|setgroups|setuid/.test(stderr)) {
    return {
      cause: "This root user may not give processes another uid, so it is root in a user namespace only.",
      remedy: "Run drover as an ordinary user, or as the machine's own root.",
    };
  }
  return {
    cause: `bubblewrap does not work here: ${stderr.trim() || "it ended without a word"}`,
    remedy: `Find out why with \`${facts.bubblewrapPath} --unshare-all --ro-bind / / true\`, run as an ordinary user.`,
  };
}

function diagnoseAppArmor(bubblewrapPath: string): Diagnosis {
  const profile = [
    "abi <abi/4.0>,",
    "include <tunables/global>",
    `profile bwrap ${bubblewrapPath} flags=(unconfined) {`,
    "  userns,",
    "}",
  ];
  return {
    cause: "AppArmor keeps ordinary programs from user namespaces (kernel.apparmor_restrict_unprivileged_userns = 1).",
    remedy: [
      "Allow it to bubblewrap alone: put this into /etc/apparmor.d/bwrap and run `sudo apparmor_parser -r /etc/apparmor.d/bwrap`:",
      ...profile.map((line) => `    ${line}`),
      "Or allow it to every program: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.",
    ].join("\n"),
  };
}
