// How fast this computer is at what the figures depend on most.
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { median, row } from './rows.ts'
import type { Step } from './step.ts'

const RUNS = 3
const SECONDS = 1
const BLOCK_BYTES = 4096
const CHUNK_BYTES = 1024 * 1024

function perSecond(act: () => void): number {
  const begun = performance.now()
  let count = 0
  while (performance.now() - begun < SECONDS * 1000) {
    act()
    count++
  }
  return count / ((performance.now() - begun) / 1000)
}

const medianOfRuns = (act: () => void) => median(Array.from({ length: RUNS }, () => perSecond(act)))

function syncsPerSecond(directory: string): number {
  const temporary = mkdtempSync(path.join(directory, 'ccs-calibrate-'))
  const file = openSync(path.join(temporary, 'file'), 'w')
  const block = randomBytes(BLOCK_BYTES)
  try {
    return medianOfRuns(() => {
      writeSync(file, block)
      fsyncSync(file)
    })
  } finally {
    closeSync(file)
    rmSync(temporary, { recursive: true })
  }
}

function hashedMegabytesPerSecond(): number {
  const chunk = randomBytes(CHUNK_BYTES)
  const hashes = medianOfRuns(() => void createHash('sha256').update(chunk).digest())
  return (hashes * CHUNK_BYTES) / 1e6
}

export const calibrationStep: Step = {
  name: 'calibration',
  timeoutMs: 30_000,
  async measure({ directory }) {
    return [row('fsync', syncsPerSecond(directory)), row('sha256', hashedMegabytesPerSecond())]
  },
}
