import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { releaseDeadReservations } from './machine-directory.ts'
import { machinePlaces } from './machine-places.ts'

test('releaseDeadReservations frees the addresses of sandboxes that are gone, and no others', (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'ccs-reservations-'))
  t.after(() => rmSync(root, { recursive: true }))
  const instance = { dataDir: path.join(root, 'data'), runDir: path.join(root, 'run') }
  const places = machinePlaces(instance, 'local', 'm1')
  assert.equal(releaseDeadReservations(places), 0)

  const reservations = path.join(places.cniReservations, 'pods')
  mkdirSync(reservations, { recursive: true })
  writeFileSync(path.join(reservations, '10.64.64.2'), 'alive\r\neth0')
  writeFileSync(path.join(reservations, '10.64.64.3'), 'dead\r\neth0')
  writeFileSync(path.join(reservations, 'last_reserved_ip.0'), '10.64.64.3')
  writeFileSync(path.join(reservations, 'lock'), '')
  const tasks = path.join(places.state, 'io.containerd.runtime.v2.task', 'k8s.io')
  mkdirSync(path.join(tasks, 'alive'), { recursive: true })
  assert.equal(releaseDeadReservations(places), 1)
  assert.deepEqual(readdirSync(reservations).toSorted(), [
    '10.64.64.2',
    'last_reserved_ip.0',
    'lock',
  ])
})
