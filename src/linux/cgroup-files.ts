// Reads and writes of cgroup files, and walks through their directories.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Names the file and the value in what the kernel refuses. */
export function writeCgroupFile(directory: string, file: string, value: string): void {
  const name = path.join(directory, file)
  try {
    writeFileSync(name, value)
  } catch (error) {
    throw new Error(`the kernel refused '${value}' in ${name}`, { cause: error })
  }
}

/** The file's text, or undefined where the cgroup or this file is not there. */
export function readCgroupFile(directory: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(directory, file), 'utf8').trim()
  } catch (error) {
    // ENODEV: the cgroup went away between open and read.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return undefined
    throw error
  }
}

export const hasCgroupFile = (directory: string, file: string): boolean =>
  existsSync(path.join(directory, file))

/** Names of the cgroups directly below. */
export function childCgroups(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** All cgroups below and the one itself, deepest first. */
export function cgroupsDeepestFirst(directory: string): string[] {
  const below = childCgroups(directory).flatMap((name) =>
    cgroupsDeepestFirst(path.join(directory, name)),
  )
  return existsSync(directory) ? [...below, directory] : below
}

export function makeCgroup(directory: string): void {
  mkdirSync(directory, { recursive: true })
}

/** Removes a cgroup without children; the kernel refuses while a process is in it. */
export function removeCgroup(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
