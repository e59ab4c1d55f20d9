// How fast this computer is at what the figures depend on most.
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { type Row, row } from './rows.ts'

const SECONDS = 1

function perSecond(step: () => void): number {
  const begun = performance.now()
  let count = 0
  while (performance.now() - begun < SECONDS * 1000) {
    step()
    count++
  }
  return count / ((performance.now() - begun) / 1000)
}

/** `directory` must be on the disk that the instance uses. */
export function calibrate(directory: string): Row[] {
  const temporary = mkdtempSync(path.join(directory, 'ccs-calibrate-'))
  const file = openSync(path.join(temporary, 'file'), 'w')
  const block = randomBytes(4096)
  const chunk = randomBytes(1024 * 1024)
  try {
    const fsyncs = perSecond(() => {
      writeSync(file, block)
      fsyncSync(file)
    })
    const hashes = perSecond(() => void createHash('sha256').update(chunk).digest())
    return [row('fsync', fsyncs), row('sha256', (hashes * chunk.length) / 1e6)]
  } finally {
    closeSync(file)
    rmSync(temporary, { recursive: true })
  }
}
