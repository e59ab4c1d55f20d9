// Names of a log and of the older files it was moved to when it had grown: "local.log" and
// "local-2026-11-25T09-08-48.123.log". The capital T keeps them apart from logs whose own name ends in a date.
import { readdirSync } from 'node:fs'
import path from 'node:path'

export interface LogFile {
  path: string
  /** Whose log it is: "local". */
  name: string
  /** When it was moved away, in milliseconds since the epoch; undefined for the one that is written to. */
  rotatedAt: number | undefined
}

const NAME = /^(.+?)(?:-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3}))?\.log$/

export const currentLog = (directory: string, name: string): string =>
  path.join(directory, `${name}.log`)

export function rotatedLog(directory: string, name: string, at: number): string {
  const time = new Date(at).toISOString().slice(0, -1).replaceAll(':', '-')
  return path.join(directory, `${name}-${time}.log`)
}

/** All logs of a directory, oldest first, those that are written to last; none when there is no directory. */
export function listLogs(directory: string): LogFile[] {
  return namesIn(directory)
    .flatMap((file) => {
      const match = NAME.exec(file)
      if (match === null) return []
      const [, name, day, hour, minute, second] = match
      const rotatedAt =
        day === undefined ? undefined : Date.parse(`${day}T${hour}:${minute}:${second}Z`)
      return [{ path: path.join(directory, file), name: name!, rotatedAt }]
    })
    .toSorted((a, b) => (a.rotatedAt ?? Infinity) - (b.rotatedAt ?? Infinity) || compare(a, b))
}

const compare = (a: LogFile, b: LogFile): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
