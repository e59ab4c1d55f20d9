import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { currentLog, listLogs, rotatedLog } from '#base/rotated-files.ts'
import type { AuditEvent } from '#kinds/k8s/audit.ts'
import { type AuditFilter, isAskedFor, LatestRequests, type Logged } from './audit-filter.ts'
import { type AuditFormat, eventPrinter } from './audit-view.ts'
import { type Ends, readNew } from './read-new.ts'

function eventOf(over: Partial<AuditEvent> = {}): AuditEvent {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'id',
    stage: 'ResponseComplete',
    requestURI: '/apis/apps/v1/namespaces/a/deployments/web',
    verb: 'patch',
    user: { username: 'ann', groups: [] },
    sourceIPs: ['10.0.0.1'],
    userAgent: 'kubectl/v1.36 (linux)',
    objectRef: { resource: 'deployments', apiGroup: 'apps', namespace: 'a', name: 'web' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-01-01T10:00:00.000000Z',
    stageTimestamp: '2026-01-01T10:00:00.000000Z',
    ...over,
  }
}

const asked = (filter: Partial<AuditFilter>, over: Partial<AuditEvent> = {}): boolean =>
  isAskedFor(eventOf(over), { since: 0, ...filter })

describe('isAskedFor', () => {
  it('compares what is given, and lets through what is not', () => {
    assert.ok(asked({}))
    assert.ok(asked({ verbs: ['delete', 'patch'], namespace: 'a', name: 'web', user: 'ann' }))
    for (const other of [
      { verbs: ['delete'] },
      { namespace: 'b' },
      { name: 'x' },
      { user: 'bob' },
      { since: Date.parse('2026-01-01T10:00:01Z') },
    ])
      assert.equal(asked(other), false, JSON.stringify(other))
  })

  it('finds who was acted as too', () => {
    const impersonatedUser = { username: 'bob', groups: [] }
    assert.ok(asked({ user: 'bob' }, { impersonatedUser }))
    assert.ok(asked({ user: 'ann' }, { impersonatedUser }))
  })

  it('knows resources with and without group and subresource', () => {
    assert.ok(asked({ resource: 'deployments' }))
    assert.ok(asked({ resource: 'deployments.apps' }))
    assert.equal(asked({ resource: 'deployments.other' }), false)
    const exec = { objectRef: { resource: 'pods', subresource: 'exec' }, verb: 'get' }
    assert.ok(asked({ resource: 'pods' }, exec))
    assert.ok(asked({ resource: 'pods/exec' }, exec))
    assert.equal(asked({ resource: 'pods/log' }, exec), false)
    assert.ok(asked({ changes: true }, exec), 'a session is no read, by whatever method it began')
    assert.equal(asked({ changes: true }, { verb: 'list' }), false)
  })
})

describe('LatestRequests', () => {
  const logged = (auditID: string, at: string, over: Partial<AuditEvent> = {}): Logged => ({
    cluster: 'local',
    event: eventOf({ auditID, requestReceivedTimestamp: `2026-01-01T10:00:${at}Z`, ...over }),
  })
  const shown = (latest: LatestRequests) =>
    latest.list().map(({ event: { auditID, stage } }) => [auditID, stage])

  it('has each request once, by the time it began, and only the newest', () => {
    const latest = new LatestRequests(2)
    latest.add(logged('gone', '00'))
    latest.add(logged('session', '01', { stage: 'ResponseStarted' }))
    latest.add(logged('short', '02'))
    latest.add(logged('session', '01'))
    assert.deepEqual(shown(latest), [
      ['session', 'ResponseComplete'],
      ['short', 'ResponseComplete'],
    ])
    assert.equal(latest.seen, 3)
  })

  it('is not misled by an id that a client uses twice', () => {
    const latest = new LatestRequests(5)
    latest.add(logged('same', '00', { verb: 'delete' }))
    latest.add(logged('same', '01', { verb: 'get' }))
    assert.equal(latest.list().length, 2)
  })
})

describe('eventPrinter', () => {
  const printed = (format: AuditFormat, ...batches: AuditEvent[][]): string[] => {
    const lines: string[] = []
    const print = eventPrinter((line) => void lines.push(line), format)
    for (const events of batches) print(events.map((event) => ({ cluster: 'local', event })))
    return lines
  }

  it('shows rows of a table, also those that come later', () => {
    const later = eventOf({
      user: { username: 'bo', groups: [] },
      verb: 'get',
      objectRef: { resource: 'pods', subresource: 'exec', namespace: 'a', name: 'x' },
    })
    assert.deepEqual(printed('table', [], [eventOf()], [later]), [
      'TIME                   CLUSTER   USER   VERB    RESOURCE           OBJECT   CODE',
      '2026-01-01T10:00:00Z   local     ann    patch   deployments.apps   a/web    200',
      '2026-01-01T10:00:00Z   local     bo     get     pods/exec          a/x      200',
    ])
  })

  it('shows from where and with what words in wide, and nothing that speaks to the terminal', () => {
    const event = eventOf({
      userAgent: 'evil\u001b[2J agent',
      impersonatedUser: { username: 'bob', groups: [] },
      responseStatus: { code: 403, message: 'no\nway' },
    })
    const [, row] = printed('wide', [event])
    assert.match(row ?? '', /ann as bob .* 403 {3,}10\.0\.0\.1 {3,}evil\?\[2J {3,}id {3,}no way$/)
  })

  it('names who could not be authenticated, and paths outside the API', () => {
    const { objectRef: _objectRef, ...event } = eventOf({ user: {}, requestURI: '/metrics?a=b' })
    const [, row] = printed('table', [event])
    assert.match(row ?? '', /<unknown> {3}patch {3}\/metrics {3,}200$/)
  })

  it('gives events to programs, with the cluster they are of', () => {
    const [line, ...rest] = printed('json', [eventOf()])
    assert.deepEqual(rest, [])
    const annotations = { 'ccs.dev/cluster': 'local' }
    assert.deepEqual(JSON.parse(line ?? ''), { ...eventOf(), annotations })
    assert.match(printed('yaml', [eventOf()])[0] ?? '', /^---\nkind: Event\n/)
  })
})

describe('readNew', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'ccs-audit-read-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const lineOf = (auditID: string) => `${JSON.stringify(eventOf({ auditID }))}\n`
  async function read(ends: Ends): Promise<{ ids: string[]; damaged: number }> {
    const ids: string[] = []
    let damaged = 0
    await readNew(listLogs(directory), ends, {
      seen: ({ cluster, event }) => void ids.push(`${cluster} ${event.auditID}`),
      damaged: () => void damaged++,
    })
    return { ids, damaged }
  }

  it('goes on where it was, over a file that was moved away, and into one that is new', async () => {
    const ends: Ends = new Map()
    const file = currentLog(directory, 'local')
    writeFileSync(file, lineOf('1'))
    assert.deepEqual((await read(ends)).ids, ['local 1'])
    const [half, otherHalf] = [lineOf('2').slice(0, 20), lineOf('2').slice(20)]
    appendFileSync(file, half)
    assert.deepEqual((await read(ends)).ids, [])
    appendFileSync(file, otherHalf)
    renameSync(file, rotatedLog(directory, 'local', 0))
    writeFileSync(file, lineOf('3'))
    writeFileSync(currentLog(directory, 'hub'), lineOf('4'))
    assert.deepEqual((await read(ends)).ids, ['local 2', 'hub 4', 'local 3'])
    assert.deepEqual((await read(ends)).ids, [])
  })

  it('passes over lines that are damaged', async () => {
    writeFileSync(currentLog(directory, 'local'), `${lineOf('1')}{"kind":"Ev\nnull\n${lineOf('2')}`)
    assert.deepEqual(await read(new Map()), { ids: ['local 1', 'local 2'], damaged: 2 })
  })
})
