// Signals by which a container may want to be stopped, and their numbers on Linux (signal(7)).

const NAMED: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
  // Other names of some of them.
  SIGCLD: 17,
  SIGIOT: 6,
  SIGPOLL: 29,
}

const REALTIME_MIN = 34
const REALTIME_MAX = 64

/** Kubernetes names the lower half from the first one up, the upper half from the last one down. */
function realtimeName(number: number): string {
  const [up, down] = [number - REALTIME_MIN, REALTIME_MAX - number]
  if (up === 0) return 'SIGRTMIN'
  if (down === 0) return 'SIGRTMAX'
  return up <= down ? `SIGRTMIN+${up}` : `SIGRTMAX-${down}`
}

const realtime = Array.from({ length: REALTIME_MAX - REALTIME_MIN + 1 }, (_, at) => {
  const number = REALTIME_MIN + at
  return [realtimeName(number), number] as const
})

export const stopSignals: Readonly<Record<string, number>> = {
  ...NAMED,
  ...Object.fromEntries(realtime),
}
