// Files that are there whole or not at all, also after a crash or a power loss.
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Replaces `file` by `content`: a reader sees the old or the new, and what it saw stays on disk. */
export function writeFileAtomic(
  file: string,
  content: string | Uint8Array,
  options: { mode?: number } = {},
): void {
  // Beside the file, because a rename is atomic within one file system only.
  const temporary = `${file}.${process.pid}.tmp`
  const handle = openSync(temporary, 'w', options.mode ?? 0o600)
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(temporary, file)
  syncDirectory(path.dirname(file))
}
