import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { compareVersions, examineDataDirectory, nestedWith } from './data-directory.ts'
import {
  DamagedInstanceError,
  type InstanceFile,
  instancePaths,
  readInstance,
  resolveDataDir,
  writeInstance,
} from './instance.ts'

const FILE: InstanceFile = {
  version: '1.2.3',
  id: 'abcdef',
  ports: { api: 1, registry: 2, dns: 3 },
  createdAt: '2026-01-01T00:00:00.000Z',
}

let directory: string
const examine = (dataDir: string, others: string[] = []) =>
  examineDataDirectory(instancePaths(dataDir), { version: '1.2.3', others })

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'ccs-data-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

test('compareVersions compares numbers, not text', () => {
  assert.equal(compareVersions('0.10.0', '0.9.9'), 1)
  assert.equal(compareVersions('0.1.0', '0.1.0'), 0)
  assert.equal(compareVersions('1.0.0', '1.0.1'), -1)
})

test('examineDataDirectory takes what is absent, empty, or the root of a disk', () => {
  assert.equal(examine(path.join(directory, 'new')), undefined)
  mkdirSync(path.join(directory, 'lost+found'))
  assert.equal(examine(directory), undefined)
})

test('examineDataDirectory refuses a directory of somebody else and changes nothing in it', () => {
  writeFileSync(path.join(directory, 'thesis.tex'), '')
  assert.throws(
    () => examine(directory),
    /holds no instance of ccs but other things \(thesis.tex\)/,
  )
  assert.deepEqual(readdirSync(directory), ['thesis.tex'])
})

test('examineDataDirectory refuses data of a newer version, and takes those of an older one', () => {
  writeInstance(instancePaths(directory), { ...FILE, version: '1.3.0' })
  assert.throws(() => examine(directory), /last run by ccs 1.3.0, and this is ccs 1.2.3/)
  writeInstance(instancePaths(directory), { ...FILE, version: '1.1.9' })
  assert.equal(examine(directory)?.version, '1.1.9')
})

test('examineDataDirectory refuses a directory within an instance, also one that is down and unclaimed', () => {
  writeInstance(instancePaths(directory), FILE)
  mkdirSync(path.join(directory, 'pki'))
  assert.throws(() => examine(path.join(directory, 'a', 'b')), /lies in the instance of ccs in/)
})

test('examineDataDirectory refuses a directory around another instance', () => {
  assert.throws(() => examine(directory, [path.join(directory, 'inner')]), /lie in each other/)
  assert.equal(nestedWith('/a/b', ['/a/bc', '/a/b2/x']), undefined)
  assert.equal(nestedWith('/a/b/c', ['/a/b']), '/a/b')
})

test('readInstance says what is wrong with a damaged file and how to go on', () => {
  const paths = instancePaths(directory)
  for (const [text, why] of [
    ['{', /it is no JSON/],
    ['[]', /it has no version/],
    ['null', /it holds no object/],
    [JSON.stringify({ ...FILE, ports: { api: 1, registry: 2 } }), /it has no port of dns/],
  ] as const) {
    writeFileSync(paths.instanceFile, text)
    assert.throws(
      () => readInstance(paths),
      (error) => {
        assert.ok(error instanceof DamagedInstanceError)
        assert.match(error.message, why)
        assert.match(error.message, /ccs down --purge --data-dir/)
        return true
      },
    )
  }
})

test('resolveDataDir refuses a path through a file', () => {
  writeFileSync(path.join(directory, 'file'), '')
  assert.throws(
    () => resolveDataDir(path.join(directory, 'file', 'x')),
    /cannot be a data directory/,
  )
  assert.throws(() => readInstance(instancePaths(path.join(directory, 'file'))), /is no directory/)
})
