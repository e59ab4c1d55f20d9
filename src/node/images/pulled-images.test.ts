import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { seededRandom } from '#base/random.ts'
import { PulledImages } from './pulled-images.ts'

const image = { id: 'sha256:1', name: 'app:1' }
const me = { username: 'me', password: 'secret' }
const you = { username: 'you', password: 'secret' }

let root: string
let files = 0

before(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'ccs-pulled-'))
})
after(() => rm(root, { recursive: true }))

const newFile = () => path.join(root, `${files++}.json`)
const open = (file: string) => new PulledImages({ file, random: seededRandom(files) })

describe('PulledImages', () => {
  test('remembers over a restart, without passwords', async () => {
    const file = newFile()
    open(file).done(image, me)
    const again = open(file)
    assert.equal(again.mayUse(image, [you, me]), true)
    assert.equal(again.mayUse(image, [you]), false)
    assert.equal(again.mayUse(image, []), false)
    assert.doesNotMatch(await readFile(file, 'utf8'), /secret|me/)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
  })

  test('takes each who pulled it, and all as soon as one needed no Secret', () => {
    const pulled = open(newFile())
    pulled.done(image, me)
    pulled.done(image, you)
    assert.ok(pulled.mayUse(image, [me]) && pulled.mayUse(image, [you]))
    pulled.done(image, undefined)
    assert.equal(pulled.mayUse(image, []), true)
    pulled.done(image, me)
    assert.equal(pulled.mayUse(image, []), true)
  })

  test('leaves to all what it knows nothing of, and writes nothing about it', async () => {
    const file = newFile()
    const pulled = open(file)
    assert.equal(pulled.mayUse(image, []), true)
    pulled.done(image, undefined)
    await assert.rejects(stat(file), { code: 'ENOENT' })
  })

  test('gives nobody what was being pulled when the agent died', () => {
    const file = newFile()
    open(file).begin(image.name)
    const again = open(file)
    assert.equal(again.mayUse(image, [me]), false)
    again.failed(image.name)
    assert.equal(again.mayUse(image, []), true)
  })

  test('does not take a broken file for an empty one', async () => {
    const file = newFile()
    await writeFile(file, '{')
    assert.throws(() => open(file).mayUse(image, []), /does not say who may use which image/)
  })
})
