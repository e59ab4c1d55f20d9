// Reads on where logs were read to, also when one is moved away because it has grown, and when one is new.
import { statSync } from 'node:fs'
import type { LogFile } from '#base/rotated-files.ts'
import { type Logged, readEvent } from './audit-filter.ts'
import { readLines } from './read-log.ts'

/** How far each file was read. A file keeps its number (inode) when it is moved, and its path says nothing. */
export type Ends = Map<number, number>

/** Reads what is new in all of `files`; `damaged` is called for lines that are no events. */
export async function readNew(
  files: readonly LogFile[],
  ends: Ends,
  told: { seen: (logged: Logged) => void; damaged: () => void },
): Promise<void> {
  const numbers = new Set<number>()
  for (const { path, name: cluster } of files) {
    const number = statSync(path, { throwIfNoEntry: false })?.ino
    if (number === undefined) continue
    numbers.add(number)
    for await (const { text, end } of readLines(path, ends.get(number) ?? 0)) {
      ends.set(number, end)
      const event = readEvent(text)
      if (event === undefined) told.damaged()
      else told.seen({ cluster, event })
    }
  }
  // Numbers of files that are gone are given out again.
  for (const number of ends.keys()) if (!numbers.has(number)) ends.delete(number)
}
