import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import type { LogLevel } from '#base/log.ts'
import { lineLogger } from '#base/log.ts'
import { listLogs } from '#base/rotated-files.ts'
import type { AuditEvent } from '#kinds/k8s/audit.ts'
import { removeOld } from './append-rotating.ts'
import { createAuditLog } from './audit-log.ts'
import { auditLimits } from './audit-limits.ts'

const eventOf = (auditID: string): AuditEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/',
  verb: 'get',
  user: { username: 'ann', groups: [] },
  requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
  stageTimestamp: '2026-01-01T00:00:00.000000Z',
})
const LINE_LENGTH = JSON.stringify(eventOf('00')).length + 1

let parent: string
let directory: string
beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'ccs-audit-'))
  directory = path.join(parent, 'audit')
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const idsIn = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as AuditEvent).auditID)

function open(limits: Parameters<typeof createAuditLog>[0]['limits'] = {}) {
  const clock = fakeClock()
  const said: { level: LogLevel; message: string; lost?: number; dropped?: number }[] = []
  const log = lineLogger({
    write: (line) => void said.push(JSON.parse(line) as (typeof said)[number]),
    now: () => clock.now(),
    level: 'info',
  })
  return { clock, said, auditLog: createAuditLog({ directory, clock, log, limits }) }
}

describe('audit log', () => {
  it('writes a file for each cluster that has events, for its owner only, in order', async () => {
    const { auditLog } = open()
    const [hub, local] = [auditLog.sinkOf('hub'), auditLog.sinkOf('local')]
    auditLog.sinkOf('empty')
    assert.equal(existsSync(directory), false)
    for (const id of ['1', '2', '3']) local.write(eventOf(id))
    hub.write(eventOf('4'))
    await auditLog.flush()
    local.write(eventOf('5'))
    await auditLog.close()
    assert.deepEqual(
      listLogs(directory).map(({ name }) => name),
      ['hub', 'local'],
    )
    assert.deepEqual(idsIn(path.join(directory, 'local.log')), ['1', '2', '3', '5'])
    assert.equal(statSync(path.join(directory, 'local.log')).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
  })

  it('goes on in the file that is there', async () => {
    for (const id of ['1', '2']) {
      const { auditLog } = open()
      auditLog.sinkOf('local').write(eventOf(id))
      await auditLog.close()
    }
    assert.deepEqual(idsIn(path.join(directory, 'local.log')), ['1', '2'])
  })

  it('moves a file away when it has grown, and keeps so many', async () => {
    const { auditLog, clock } = open({ fileBytesMax: 2 * LINE_LENGTH, filesMax: 2 })
    const local = auditLog.sinkOf('local')
    for (const id of ['01', '02', '03', '04', '05', '06', '07']) {
      local.write(eventOf(id))
      await auditLog.flush()
      await clock.advance(1)
    }
    auditLog.sinkOf('other').write(eventOf('08'))
    await auditLog.close()
    const files = listLogs(directory).filter(({ name }) => name === 'local')
    assert.deepEqual(
      files.map((file) => idsIn(file.path)),
      [['03', '04'], ['05', '06'], ['07']],
    )
    assert.equal(listLogs(directory).length, 4)
  })

  it('removes files that nobody has written to for too long', async () => {
    const { auditLog } = open()
    for (const name of ['gone', 'local']) auditLog.sinkOf(name).write(eventOf('1'))
    await auditLog.close()
    const now = auditLimits.fileAgeMaxMs + 10_000
    utimesSync(path.join(directory, 'gone.log'), 0, 9)
    utimesSync(path.join(directory, 'local.log'), 0, 11)
    await removeOld(directory, auditLimits, now)
    assert.deepEqual(
      listLogs(directory).map(({ name }) => name),
      ['local'],
    )
  })

  it('lets new requests wait while the queue is full, until it is written or that takes too long', async () => {
    const { auditLog, clock } = open({ queueBytesMax: 2 * LINE_LENGTH })
    const local = auditLog.sinkOf('local')
    local.write(eventOf('01'))
    assert.equal(local.room(), undefined)
    local.write(eventOf('02'))
    const waits = local.room()
    assert.ok(waits)
    await auditLog.flush()
    await waits
    assert.equal(local.room(), undefined)
    local.write(eventOf('03'))
    local.write(eventOf('04'))
    let isDone = false
    void auditLog
      .sinkOf('other')
      .room()
      ?.then(() => (isDone = true))
    // Time goes on before the disk does.
    await clock.advance(auditLimits.roomWaitMs)
    assert.equal(isDone, true)
    await auditLog.close()
    assert.deepEqual(idsIn(path.join(directory, 'local.log')), ['01', '02', '03', '04'])
  })

  it('says once that it cannot write, lets nobody wait for that, and goes on where it can', async () => {
    // A file where the directory should be: no user could write there.
    writeFileSync(directory, '')
    const { auditLog, said } = open({ queueBytesMax: LINE_LENGTH })
    const local = auditLog.sinkOf('local')
    local.write(eventOf('01'))
    await auditLog.flush()
    await auditLog.flush()
    assert.deepEqual(
      said.map(({ level }) => level),
      ['error'],
    )
    local.write(eventOf('02'))
    assert.equal(local.room(), undefined)
    local.write(eventOf('03'))
    assert.match(auditLog.problems()[0] ?? '', /cannot be written .*; 1 are lost by now$/)
    rmSync(directory)
    await auditLog.flush()
    assert.deepEqual(auditLog.problems(), [])
    assert.equal(said[1]?.lost, 1)
    await auditLog.close()
    assert.deepEqual(idsIn(path.join(directory, 'local.log')), ['01', '02'])
    assert.equal(said.length, 2)
  })

  it('says at its end what it could not write', async () => {
    writeFileSync(directory, '')
    const { auditLog, said } = open()
    auditLog.sinkOf('local').write(eventOf('01'))
    await auditLog.close()
    assert.equal(said.at(-1)?.message, 'audit events are lost')
  })
})
