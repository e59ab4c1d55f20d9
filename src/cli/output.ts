// How commands show things: tables for people, JSON or YAML for programs.
import { stringify } from 'yaml'

export type OutputFormat = 'table' | 'json' | 'yaml'

export interface TableColumn<Row> {
  title: string
  value(row: Row): string | number | undefined
}

/** Columns in capitals, three spaces apart, as `kubectl` prints them. */
export function renderTable<Row>(columns: readonly TableColumn<Row>[], rows: Row[]): string {
  const lines = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => String(column.value(row) ?? ''))),
  ]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => (i === line.length - 1 ? cell : cell.padEnd(widths[i]! + 3)))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

/** A value as JSON or YAML text, ending without a newline. */
export function renderValue(value: unknown, format: 'json' | 'yaml'): string {
  if (format === 'json') return JSON.stringify(value, null, 2)
  // Kubernetes' own tools read YAML 1.1, where an unquoted `no` or a time is no string.
  return stringify(value, { compat: 'yaml-1.1' }).trimEnd()
}

const AGE_UNITS: readonly [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
]

/** "5d", "3h", "12m", "40s": how long ago a time was. */
export function renderAge(since: string | undefined, nowMs: number): string {
  if (since === undefined) return '<unknown>'
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000))
  for (const [unit, size] of AGE_UNITS)
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`
  return `${seconds}s`
}

/** "1.2 MB" in powers of 1000, as registries show sizes. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
