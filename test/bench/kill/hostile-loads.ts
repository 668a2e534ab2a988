// What does an agent do that does not want to be killed? Each load runs until somebody ends it.

export interface Load {
  name: string;
  command: string[];
  /** Processes in the sandbox once it is under way, the runner and its init included. */
  processes: number;
  /** Takes what CPU there is, so that agents begun after it come up slowly. */
  busy?: true;
}

const shell = (script: string) => ["sh", "-c", script];
const perl = (script: string) => ["perl", "-e", script];
/** SIGSTOP and SIGKILL cannot be ignored; everything else is. */
const deaf = "trap '' TERM INT HUP QUIT USR1 USR2 PIPE ALRM;";
const stay = "while :; do sleep 1000; done";

export const loads: Load[] = [
  {
    name: "daemons, forked twice, in sessions of their own, deaf",
    command: shell(
      `${deaf} for i in $(seq 30); do (setsid sh -c "${deaf} ${stay}" </dev/null >/dev/null 2>&1 &); done; ${stay}`,
    ),
    processes: 60,
  },
  {
    name: "chains that fork and leave, again and again",
    command: perl(
      `for (1..6) { next if fork; setpgrp; for (;;) { exit if fork; select undef, undef, undef, 0.002 } } sleep`,
    ),
    // A life is shorter than a look at all processes of a full machine: only whoever began the chains is always seen.
    processes: 3,
    busy: true,
  },
  {
    name: "three hundred processes at once",
    command: perl(
      `$SIG{$_} = "IGNORE" for qw(TERM INT HUP); for (1..300) { next if fork; sleep while 1 } sleep while 1`,
    ),
    processes: 300,
  },
  {
    name: "everything stopped, the runner first",
    command: perl(
      `for (1..20) { next if fork; sleep while 1 } select undef, undef, undef, 0.3; kill "STOP", getppid; kill "STOP", -1; sleep while 1`,
    ),
    processes: 23,
  },
  {
    name: "waits on a fifo that nobody opens, and for the disk",
    command: shell(
      `mkfifo f g; for i in 1 2 3 4 5; do (cat f &); (echo x > g &); done; while :; do echo $$ > d; sync d; done`,
    ),
    processes: 12,
    busy: true,
  },
  {
    name: "sockets that listen, wait and stay open through the proxy",
    command: perl(
      `use IO::Socket::INET; $l = IO::Socket::INET->new(Listen => 64, LocalAddr => "127.0.0.1:0"); push @o, IO::Socket::INET->new("127.0.0.1:" . $l->sockport) for 1..40; push @o, IO::Socket::INET->new("127.0.0.1:3128") for 1..20; for (1..5) { next if fork; $l->accept while 1 } sleep while 1`,
    ),
    processes: 8,
  },
  {
    name: "attempts to trace and to hold each other, without end",
    command: perl(
      `$SIG{$_} = "IGNORE" for qw(TERM INT HUP); for (1..5) { next if fork; for (;;) { syscall(101, 16, $$ + 1, 0, 0); kill "CONT", -1; select undef, undef, undef, 0.001 } } sleep while 1`,
    ),
    processes: 8,
    busy: true,
  },
  {
    name: "memory to be given back, and CPUs that are busy",
    command: perl(`my $kept = "x" x (400 << 20); for (1..4) { next if fork; 1 while 1 } sleep while 1`),
    processes: 7,
    busy: true,
  },
];
