import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { sealedWith } from './sealed-value.ts'
import { openStorageKeys } from './storage-keys.ts'

function place(context: TestContext) {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-keys-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return {
    keyFile: path.join(directory, 'pki', 'storage-keys.json'),
    neededFile: path.join(directory, 'engine', 'storage-keys.json'),
  }
}

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array) => new TextDecoder().decode(value)

test('storage keys open what they sealed, also after they were read again and rotated', (context) => {
  const files = place(context)
  const keys = openStorageKeys(files)
  assert.equal(statSync(files.keyFile).mode & 0o777, 0o600)
  const sealed = keys.seal('/a', bytes('hunter2'))
  assert.ok(!Buffer.from(sealed).includes('hunter2'))
  assert.equal(sealedWith(sealed), keys.current)
  const before = keys.current
  const next = keys.rotate()
  assert.notEqual(next, before)
  assert.equal(keys.isCurrent(sealed), false)
  assert.equal(keys.isCurrent(keys.seal('/a', bytes('x'))), true)
  const again = openStorageKeys(files)
  assert.equal(again.current, next)
  assert.equal(text(again.open('/a', sealed)), 'hunter2')
  assert.equal(text(again.open('/a', keys.seal('/a', bytes('')))), '')
})

test('storage keys seal the same value differently each time', (context) => {
  const keys = openStorageKeys(place(context))
  const [one, other] = [keys.seal('/a', bytes('x')), keys.seal('/a', bytes('x'))]
  assert.notDeepEqual(one, other)
})

test('storage keys leave a value alone that was never sealed', (context) => {
  const keys = openStorageKeys(place(context))
  assert.equal(text(keys.open('/a', bytes('{"kind":"Secret"}'))), '{"kind":"Secret"}')
  assert.equal(keys.isCurrent(bytes('{}')), false)
})

test('storage keys refuse a value that was changed or moved to another place', (context) => {
  const keys = openStorageKeys(place(context))
  const sealed = keys.seal('/a', bytes('hunter2'))
  assert.throws(() => keys.open('/b', sealed), /\/b cannot be decrypted.*moved from elsewhere/)
  for (let at = 11; at < sealed.length; at++) {
    const changed = sealed.slice()
    changed[at]! ^= 1
    assert.throws(() => keys.open('/a', changed), /cannot be decrypted/)
  }
  assert.throws(() => keys.open('/a', sealed.slice(0, 30)), /cannot be decrypted/)
})

test('storage keys whose file is missing are refused while a database needs it, and not made anew', (context) => {
  const files = place(context)
  const { current } = openStorageKeys(files)
  rmSync(files.keyFile)
  const refused = new RegExp(`${files.keyFile} is missing.*Put .* back from a backup.*${current}`)
  assert.throws(() => openStorageKeys(files), refused)
  assert.throws(() => openStorageKeys(files), refused)
})

test('storage keys of another instance, or damaged ones, are refused', (context) => {
  const files = place(context)
  const { current } = openStorageKeys(files)
  const own = readFileSync(files.keyFile, 'utf8')
  openStorageKeys({ ...files, keyFile: `${files.keyFile}.2`, neededFile: `${files.neededFile}.2` })
  writeFileSync(files.keyFile, readFileSync(`${files.keyFile}.2`))
  assert.throws(() => openStorageKeys(files), new RegExp(`lacks the keys ${current}`))
  const { key } = (JSON.parse(own) as { keys: { key: string }[] }).keys[0]!
  const turned = `${key.startsWith('A') ? 'B' : 'A'}${key.slice(1)}`
  writeFileSync(files.keyFile, own.replace(key, turned))
  assert.throws(() => openStorageKeys(files), /is damaged: its key/)
  writeFileSync(files.keyFile, own.slice(0, 40))
  assert.throws(() => openStorageKeys(files), /cannot be read as JSON/)
  writeFileSync(files.keyFile, own)
  assert.equal(openStorageKeys(files).current, current)
})

test('storage keys refuse a value of a key that they do not hold', (context) => {
  const files = place(context)
  const sealed = openStorageKeys(files).seal('/a', bytes('x'))
  const other = openStorageKeys({
    keyFile: `${files.keyFile}.2`,
    neededFile: `${files.neededFile}.2`,
  })
  assert.throws(() => other.open('/a', sealed), /encrypted with the key .* does not hold/)
})
