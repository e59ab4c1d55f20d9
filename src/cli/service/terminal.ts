// The terminal of this process for a command elsewhere: every key goes there, and its size follows.
import type { Readable, Writable } from 'node:stream'

interface Size {
  columns: number
  rows: number
}

export interface Terminal {
  stdin?: Readable
  stdout: Writable
  stderr: Writable
  tty: boolean
  resize?: AsyncIterable<Size>
  /** Makes it ours again. */
  restore: () => void
}

const { stdin, stdout, stderr } = process

/** The size now, and after each change; the newest alone is of interest. */
async function* sizes(stopped: AbortSignal): AsyncGenerator<Size> {
  let wake: () => void = () => undefined
  const woken = () => wake()
  stdout.on('resize', woken)
  stopped.addEventListener('abort', woken)
  try {
    while (!stopped.aborted) {
      yield { columns: stdout.columns, rows: stdout.rows }
      await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stdout.off('resize', woken)
  }
}

/** With `tty` only when there is a terminal on both sides of this process. */
export function openTerminal(wish: { stdin?: boolean; tty?: boolean }): Terminal {
  const tty = wish.tty === true && stdin.isTTY && stdout.isTTY
  const stopped = new AbortController()
  if (tty) stdin.setRawMode(true)
  return {
    ...(wish.stdin ? { stdin } : {}),
    stdout,
    stderr,
    tty,
    ...(tty ? { resize: sizes(stopped.signal) } : {}),
    restore() {
      stopped.abort()
      if (tty) stdin.setRawMode(false)
    },
  }
}
