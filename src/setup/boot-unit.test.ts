import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import {
  hasUnit,
  installUnit,
  removeUnit,
  renderUnit,
  startUnit,
  stopUnit,
  type Systemd,
  unitName,
} from './boot-unit.ts'
import { bootCheck } from './checks/boot.ts'
import { instancePaths } from './instance.ts'

const paths = instancePaths('/srv/my ccs')
const name = unitName(paths)

let directory: string
let calls: string[]
let systemd: Systemd

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'ccs-unit-'))
  calls = []
  systemd = {
    unitDirectory: directory,
    isRunning: true,
    systemctl: async (...args) => void calls.push(args.join(' ')),
  }
})

afterEach(() => rmSync(directory, { recursive: true }))

test('renderUnit runs the supervisor, always, and ends nothing but that', () => {
  const text = renderUnit(paths, '/opt/ccs')
  const lines = text.split('\n')
  assert.ok(lines.includes('Restart=always'))
  assert.ok(lines.includes('KillMode=process'))
  assert.ok(lines.includes('WantedBy=multi-user.target'))
  assert.ok(lines.includes('ConditionPathExists=/srv/my ccs/instance.json'))
  assert.ok(lines.includes('RequiresMountsFor="/srv/my ccs" "/opt/ccs"'))
  const start = lines.find((line) => line.startsWith('ExecStart='))
  assert.match(start!, / "\/opt\/ccs\/src\/main\/supervisor\.ts" "\/srv\/my ccs" "--unit"$/)
  assert.match(text, /^Environment="NODE_COMPILE_CACHE=\/opt\/ccs\/\.cache\/compile" "/m)
})

test('renderUnit escapes what systemd would expand', () => {
  const text = renderUnit(instancePaths('/srv/50%"$HOME'), '/opt/$x')
  assert.match(text, /"\/srv\/50%%\\"\$\$HOME" "--unit"$/m)
  assert.match(text, /^Environment="NODE_COMPILE_CACHE=\/opt\/\$x\/\.cache\/compile" "/m)
})

test('installUnit writes and enables the unit, and reloads only when its text changed', async () => {
  await installUnit(systemd, paths, '/opt/ccs')
  assert.deepEqual(calls, ['daemon-reload', `enable ${name}`])
  assert.equal(readFileSync(path.join(directory, name), 'utf8'), renderUnit(paths, '/opt/ccs'))
  await installUnit(systemd, paths, '/opt/ccs')
  assert.deepEqual(calls.slice(2), [`enable ${name}`])
  await installUnit(systemd, paths, '/opt/ccs-2')
  assert.deepEqual(calls.slice(3), ['daemon-reload', `enable ${name}`])
})

test('startUnit and stopUnit go through systemctl, the latter only when there is a unit', async () => {
  await stopUnit(systemd, paths)
  assert.deepEqual(calls, [])
  await installUnit(systemd, paths, '/opt/ccs')
  await startUnit(systemd, paths)
  await stopUnit(systemd, paths)
  assert.deepEqual(calls.slice(2), [`start ${name}`, `stop ${name}`])
})

test('removeUnit leaves nothing of the unit and touches no other', async () => {
  const other = path.join(directory, unitName(instancePaths('/srv/other')))
  writeFileSync(other, '')
  await installUnit(systemd, paths, '/opt/ccs')
  calls.length = 0
  assert.equal(await removeUnit(systemd, paths), true)
  assert.deepEqual(calls, [`disable ${name}`, 'daemon-reload'])
  assert.equal(hasUnit(systemd, paths), false)
  assert.ok(existsSync(other))
  assert.equal(await removeUnit(systemd, paths), false)
})

test('removeUnit works where systemd does not run', async () => {
  await installUnit(systemd, paths, '/opt/ccs')
  const wants = path.join(directory, 'multi-user.target.wants')
  mkdirSync(wants)
  writeFileSync(path.join(wants, name), '')
  calls.length = 0
  await removeUnit({ ...systemd, isRunning: false }, paths)
  assert.deepEqual(calls, [])
  assert.equal(existsSync(path.join(wants, name)), false)
})

test('bootCheck tells what a reboot does, and a unit that another checkout wrote', async () => {
  const look = async () => (await bootCheck.look({ paths, systemd, root: '/opt/ccs' }))[0]!
  assert.match((await look()).found, /a reboot leaves it stopped/)
  await installUnit(systemd, paths, '/opt/ccs')
  assert.match((await look()).found, /starts it at boot/)
  await installUnit(systemd, paths, '/opt/other')
  assert.equal((await look()).state, 'warn')
})
