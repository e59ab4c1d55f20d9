/**
 * Runs `argv` inside a network namespace. Not `ip netns exec`: that makes a mount namespace too, which
 * would hide containers' mounts from a containerd that is started again.
 */
export function nsenterArgv(netnsPath: string, argv: readonly string[]): string[] {
  return ['nsenter', `--net=${netnsPath}`, '--', ...argv]
}
