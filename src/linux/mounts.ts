// Mounts: what is mounted where, and taking it away.
import { readFileSync } from 'node:fs'
import { run } from './run.ts'

export interface Mount {
  target: string
  type: string
  source: string
  options: string[]
  /** Options of the file system itself, such as a cgroup's controllers. */
  superOptions: string[]
  /** What is mounted or taken away below it, is so below its peers too. */
  isShared: boolean
}

/** The kernel writes blanks and backslashes as octal escapes. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )

/** Parses /proc/self/mountinfo (proc_pid_mountinfo(5)), oldest mount first. */
export function parseMountInfo(text: string): Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ', 2)
      const fields = before.split(' ')
      const [type = '', source = '', superOptions = ''] = after.split(' ')
      return {
        target: unescape(fields[4] ?? ''),
        type,
        source: unescape(source),
        options: (fields[5] ?? '').split(','),
        superOptions: superOptions.split(','),
        isShared: fields.slice(6).some((field) => field.startsWith('shared:')),
      }
    })
}

export const listMounts = (): Mount[] =>
  parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'))

const isUnder = (target: string, directory: string) =>
  target === directory || target.startsWith(`${directory}/`)

export const mountsUnder = (directory: string): Mount[] =>
  listMounts().filter((mount) => isUnder(mount.target, directory))

export async function mountTmpfs(options: {
  target: string
  sizeBytes: number
  mode: number
}): Promise<void> {
  const { target, sizeBytes, mode } = options
  const settings = `size=${sizeBytes},mode=${mode.toString(8)},nosuid,nodev`
  await run(['mount', '-t', 'tmpfs', '-o', settings, 'tmpfs', target])
}

export interface BindMount {
  /** Taken as it is: links in it are the kernel's to follow, so "/proc/<pid>/fd/<n>" is what it names. */
  source: string
  /** Of the same kind as the source: a directory, or else a file. */
  target: string
  readonly?: boolean
  /** Whether mounts made below one show below the other, and below other binds of either. */
  isShared: boolean
  /** With what is mounted below the source now. */
  isRecursive: boolean
}

/** Shows a file or directory at a second place. */
export async function bindMount(mount: BindMount): Promise<void> {
  const { source, target, readonly, isShared, isRecursive } = mount
  const bind = isRecursive ? 'rbind' : 'bind'
  const options = readonly === true ? `${bind},ro` : bind
  const propagation = isShared ? '--make-rshared' : '--make-rprivate'
  await run(['mount', '--no-canonicalize', propagation, '-o', options, source, target])
}

/** Parts all mounts at or below a directory from their peers: taking them away is seen nowhere else. */
export async function makePrivate(directory: string): Promise<void> {
  for (const { target, isShared } of mountsUnder(directory))
    if (isShared) await run(['mount', '--make-private', target])
}

const TARGETS_PER_COMMAND_MAX = 500
/** Mounts can lie on each other; each round takes the uppermost. */
const ROUNDS_MAX = 5

/**
 * Takes away everything mounted below `directory`, whoever still uses it; also what is mounted at it, unless `keepItself`
 * says that it is not ours.
 */
export async function unmountUnder(
  directory: string,
  { keepItself = false }: { keepItself?: boolean } = {},
): Promise<void> {
  const targetsNow = () =>
    mountsUnder(directory)
      .map((mount) => mount.target)
      .filter((target) => !keepItself || target !== directory)
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const targets = targetsNow()
    if (targets.length === 0) return
    const newestFirst = targets.toReversed()
    for (let from = 0; from < newestFirst.length; from += TARGETS_PER_COMMAND_MAX) {
      const some = newestFirst.slice(from, from + TARGETS_PER_COMMAND_MAX)
      await run(['umount', '--lazy', '--', ...some]).catch((error: unknown) => {
        // A mount that another process took away meanwhile; the next round sees what is left.
        if (round === ROUNDS_MAX - 1) throw error
      })
    }
  }
  const left = targetsNow()
  if (left.length > 0) throw new Error(`still mounted below ${directory}: ${left.join(', ')}`)
}
