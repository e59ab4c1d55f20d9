// How an event of an audit log is shown.
import type { AuditEvent } from '#kinds/k8s/audit.ts'
import type { TableColumn } from '../output.ts'
import { renderValue } from '../output.ts'
import { type Logged, usersOf } from './audit-filter.ts'

export type AuditFormat = 'table' | 'wide' | 'json' | 'yaml'

/** Says in an Event from whose log it is. */
const CLUSTER = 'ccs.dev/cluster'

const COLUMNS: readonly TableColumn<Logged>[] = [
  {
    title: 'TIME',
    value: ({ event }) => `${event.requestReceivedTimestamp.slice(0, 19)}Z`,
  },
  { title: 'CLUSTER', value: ({ cluster }) => cluster },
  { title: 'USER', value: ({ event }) => usersOf(event).join(' as ') || '<unknown>' },
  { title: 'VERB', value: ({ event }) => event.verb },
  { title: 'RESOURCE', value: ({ event }) => resourceOf(event) },
  { title: 'OBJECT', value: ({ event }) => objectOf(event) },
  { title: 'CODE', value: ({ event }) => event.responseStatus?.code },
]

const WIDE: readonly TableColumn<Logged>[] = [
  ...COLUMNS,
  { title: 'FROM', value: ({ event }) => event.sourceIPs?.at(-1) },
  { title: 'AGENT', value: ({ event }) => event.userAgent?.split(' ', 1)[0] },
  { title: 'ID', value: ({ event }) => event.auditID },
  { title: 'MESSAGE', value: ({ event }) => event.responseStatus?.message?.replaceAll('\n', ' ') },
]

/** Agents and names are the clients' to choose: nothing of them may speak to the terminal. */
const printable = (value: string | number | undefined): string =>
  // oxlint-disable-next-line no-control-regex
  String(value ?? '').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')

function resourceOf({ objectRef, requestURI }: AuditEvent): string {
  if (objectRef?.resource === undefined) return requestURI.split('?', 1)[0]!
  const { resource, apiGroup, subresource } = objectRef
  const type = apiGroup === undefined ? resource : `${resource}.${apiGroup}`
  return subresource === undefined ? type : `${type}/${subresource}`
}

function objectOf({ objectRef: { namespace, name, resource } = {} }: AuditEvent): string {
  const parts = resource === 'namespaces' ? [name] : [namespace, name]
  return parts.filter((part) => part !== undefined).join('/')
}

/** An event for programs: a line of JSON, or a document of YAML. */
function renderEvent({ cluster, event }: Logged, format: 'json' | 'yaml'): string {
  const told = { ...event, annotations: { ...event.annotations, [CLUSTER]: cluster } }
  return format === 'json' ? JSON.stringify(told) : `---\n${renderValue(told, 'yaml')}`
}

const GAP = 3

/** Prints rows under each other also when they come one by one: the first ones say how wide columns are. */
export function eventPrinter(
  print: (text: string) => void,
  format: AuditFormat,
): (rows: readonly Logged[]) => void {
  if (format === 'json' || format === 'yaml')
    return (rows) => {
      for (const row of rows) print(renderEvent(row, format))
    }
  const columns = format === 'wide' ? WIDE : COLUMNS
  let widths: number[] | undefined
  return (rows) => {
    if (rows.length === 0) return
    const cells = rows.map((row) => columns.map((column) => printable(column.value(row))))
    const lines = widths === undefined ? [columns.map(({ title }) => title), ...cells] : cells
    widths ??= columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
    for (const line of lines) {
      const padded = line.map((cell, i) => cell.padEnd(widths![i]! + GAP))
      print(padded.join('').trimEnd())
    }
  }
}
