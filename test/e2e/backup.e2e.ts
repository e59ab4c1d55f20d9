// Backup, restore and the rotation of keys on a real instance.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, Instance, kubectlMissing, type Result } from './instance.ts'

const PASSWORD = 'correct-horse-battery-staple'

let instance: Instance
let backup: string

before(async () => {
  instance = await Instance.create()
  backup = path.join(instance.dataDir, 'backup.db')
  succeeded(await instance.up())
})
after(() => instance.purge())

function succeeded({ code, stdout, stderr }: Result): string {
  assert.equal(code, 0, stderr)
  return stdout
}

function refused({ code, stderr }: Result, message: RegExp, exitCode = 1): void {
  assert.match(stderr, message)
  assert.equal(code, exitCode)
}

const kubectl = async (...args: string[]) =>
  succeeded(await instance.kubectl('--context', 'ccs-local', ...args))

/** Files of the instance's databases and backups whose bytes hold the text. */
function filesWith(text: string): string[] {
  const files = readdirSync(path.join(instance.dataDir, 'engine'), {
    recursive: true,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return [...files, backup].filter((file) => existsSync(file) && readFileSync(file).includes(text))
}

const passwordOf = async (secret: string) =>
  Buffer.from(
    await kubectl('get', 'secret', secret, '-o', 'jsonpath={.data.password}'),
    'base64',
  ).toString()

test('a cluster is backed up while it runs, its Secrets unreadable in every file', async (context) => {
  if (kubectlMissing !== undefined) return context.skip(kubectlMissing)
  await kubectl('create', 'secret', 'generic', 'kept', `--from-literal=password=${PASSWORD}`)
  await kubectl('create', 'configmap', 'kept', '--from-literal=a=readable-in-the-file')
  const said = succeeded(await instance.ccs('cluster', 'backup', 'local', backup))
  assert.match(said, /backup\.db: \d+ objects at revision \d+, checked/)
  assert.deepEqual(filesWith(PASSWORD), [])
  assert.ok(filesWith('readable-in-the-file').includes(backup))
  const keyFile = path.join(instance.dataDir, 'pki', 'storage-keys.json')
  assert.equal(statSync(keyFile).mode & 0o777, 0o600)

  refused(await instance.ccs('cluster', 'backup', 'local', backup), /is there already.*--force/)
  refused(await instance.ccs('cluster', 'backup', 'lokal', `${backup}2`), /no cluster "lokal"/, 3)
  refused(await instance.ccs('cluster', 'restore', 'local', backup, '--force'), /'ccs down'/)
})

test('a new key encrypts all Secrets, and the backup of before is still read', async (context) => {
  if (kubectlMissing !== undefined) return context.skip(kubectlMissing)
  assert.match(
    succeeded(await instance.ccs('cluster', 'rotate-key')),
    /^key [0-9a-f]{12}: [1-9]\d* values encrypted anew/,
  )
  assert.equal(await passwordOf('kept'), PASSWORD)
  assert.deepEqual(filesWith(PASSWORD), [])
})

test('a backup is put back into a stopped instance, and clients find what it held', async (context) => {
  if (kubectlMissing !== undefined) return context.skip(kubectlMissing)
  await kubectl('create', 'configmap', 'later', '--from-literal=a=b')
  const version = async (name: string) =>
    Number(await kubectl('get', 'configmap', name, '-o', 'jsonpath={.metadata.resourceVersion}'))
  const before = await version('later')
  succeeded(await instance.ccs('down'))
  refused(await instance.ccs('cluster', 'restore', 'local', backup), /is there already.*--force/)
  const said = succeeded(await instance.ccs('cluster', 'restore', 'local', backup, '--force'))
  assert.match(said, /objects of revision \d+, going on from revision \d{10}/)
  succeeded(await instance.up())
  assert.equal(await passwordOf('kept'), PASSWORD)
  refused(
    await instance.kubectl('--context', 'ccs-local', 'get', 'configmap', 'later'),
    /"later" not found/,
  )
  await kubectl('create', 'configmap', 'after', '--from-literal=a=b')
  assert.ok((await version('after')) > before + 1_000_000)
  // A raw path begins at the server, not at the cluster.
  const old = `/clusters/local/api/v1/configmaps?watch=1&resourceVersion=${before}&timeoutSeconds=5`
  assert.match(await kubectl('get', '--raw', old), /"code":410/)
})

test('without the key, or with damage, the engine says what to do', async (context) => {
  if (kubectlMissing !== undefined) return context.skip(kubectlMissing)
  const keyFile = path.join(instance.dataDir, 'pki', 'storage-keys.json')
  const log = () => readFileSync(path.join(instance.dataDir, 'logs', 'engine.log'), 'utf8')
  const keys = readFileSync(keyFile)
  succeeded(await instance.ccs('down'))
  rmSync(keyFile)
  refused(await instance.up('--timeout', '5'), /storage-keys\.json is missing/)
  assert.match(log(), /storage-keys\.json is missing.*Put storage-keys\.json back from a backup/)
  succeeded(await instance.ccs('down'))
  writeFileSync(keyFile, keys, { mode: 0o600 })
  const file = path.join(instance.dataDir, 'engine', 'clusters', 'local.db')
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, whole.length - 5000))
  await instance.up('--timeout', '5')
  await eventually('the log names the way out', 10_000, () =>
    Promise.resolve(/local\.db is damaged.*ccs cluster restore local BACKUP --force/.test(log())),
  )
  succeeded(await instance.ccs('down'))
  succeeded(await instance.ccs('cluster', 'restore', 'local', backup, '--force'))
  succeeded(await instance.up())
  assert.equal(await passwordOf('kept'), PASSWORD)
})
