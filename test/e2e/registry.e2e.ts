// The registry as a team uses it: projects, people and robots made by command, used by skopeo as it comes.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { pushBusyboxImage } from './busybox-image.ts'
import { eventually, Instance, type Result, run } from './instance.ts'

let instance: Instance
let host = ''
let directory = ''
const ANN = 'correct horse battery'

before(async () => {
  instance = await Instance.create()
  await ok(instance.up())
  host = `127.0.0.1:${instance.file.ports.registry}`
  directory = mkdtempSync(path.join(tmpdir(), 'ccs-e2e-registry-'))
  await pushBusyboxImage(instance)
  const from = ['--src-tls-verify=false', '--src-creds', adminCredential()]
  await ok(skopeo('copy', ...from, `docker://${host}/default/busybox:1`, `dir:${directory}/image`))
})

after(async () => {
  rmSync(directory, { recursive: true, force: true })
  await instance.purge()
})

async function ok(result: Promise<Result>): Promise<string> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, stderr)
  return stdout
}

const adminCredential = () => {
  const file = path.join(instance.dataDir, 'credentials', 'registry-admin')
  return `admin:${readFileSync(file, 'utf8').trim()}`
}

const skopeo = (...args: string[]) => run(['skopeo', ...args])

const push = (name: string, credential: string) =>
  skopeo(
    'copy',
    '--dest-tls-verify=false',
    '--dest-creds',
    credential,
    `dir:${directory}/image`,
    `docker://${host}/${name}`,
  )

const inspect = (name: string, credential?: string) =>
  skopeo(
    'inspect',
    '--tls-verify=false',
    ...(credential === undefined ? ['--no-creds'] : ['--creds', credential]),
    `docker://${host}/${name}`,
  )

/** The registry follows the hub, which takes a moment. */
const soon = (what: string, look: () => Promise<Result>, isDone: (result: Result) => boolean) =>
  eventually(what, 10_000, async () => isDone(await look()))

const works = ({ code }: Result) => code === 0
const fails = ({ code }: Result) => code !== 0

test("a project is nobody else's; a member with a password pushes to it", async () => {
  await ok(
    instance.ccs('registry', 'project', 'create', 'shop', '--member', 'ann', '--immutable', 'v*'),
  )
  await ok(instance.ccsWith(`${ANN}\n`, 'registry', 'user', 'create', 'ann'))
  await soon('ann may push', () => push('shop/web:v1', `ann:${ANN}`), works)
  assert.ok(fails(await push('default/web:v1', `ann:${ANN}`)))
  assert.ok(fails(await push('shop/web:v2', 'ann:wrong password')))
  assert.ok(fails(await inspect('shop/web:v1')))
  assert.ok(works(await inspect('shop/web:v1', `ann:${ANN}`)))
})

test('a robot may what it lists, until it is deleted', async () => {
  const args = ['-p', 'shop', '--allow', 'pull', '--expires', '1d', '-o', 'json']
  const { login, token } = JSON.parse(
    await ok(instance.ccs('registry', 'robot', 'create', 'ci', ...args)),
  ) as { login: string; token: string }
  assert.equal(login, 'shop+ci')
  await soon('the robot may pull', () => inspect('shop/web:v1', `${login}:${token}`), works)
  assert.ok(fails(await push('shop/web:v3', `${login}:${token}`)))
  assert.match(
    await ok(instance.ccs('registry', 'robot', 'list', '-p', 'shop')),
    /shop\+ci +pull \*\*/,
  )
  await ok(instance.ccs('registry', 'robot', 'delete', 'ci', '-p', 'shop'))
  await soon('the token is worthless', () => inspect('shop/web:v1', `${login}:${token}`), fails)
})

test('a public project is pulled without a password, and a quota is held', async () => {
  await ok(instance.ccs('registry', 'project', 'set', 'shop', '--public', '--quota', '1Ki'))
  await soon('everyone may pull', () => inspect('shop/web:v1'), works)
  const refused = await push('shop/other:1', `ann:${ANN}`)
  assert.ok(fails(refused))
  assert.match(refused.stderr, /may use 1024 bytes/)
  assert.match(await ok(instance.ccs('registry', 'project', 'list')), /shop +Public +1Ki +1/)
  await ok(instance.ccs('registry', 'project', 'set', 'shop', '--private', '--quota', 'none'))
})

test('an immutable tag stays; another image is deleted, had back, and deleted for good', async () => {
  const refused = await instance.ccs('image', 'delete', 'shop/web:v1')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /the tag shop\/web:v1 is immutable/)
  await soon('the quota is gone', () => push('shop/old:1', `ann:${ANN}`), works)
  const shown = JSON.parse(
    await ok(instance.ccs('image', 'inspect', 'shop/old:1', '-o', 'json')),
  ) as {
    digest: string
  }
  await ok(instance.ccs('image', 'delete', `shop/old@${shown.digest}`))
  assert.ok(fails(await inspect('shop/old:1', `ann:${ANN}`)))
  const [entry] = JSON.parse(await ok(instance.ccs('image', 'trash', 'list', '-o', 'json'))) as {
    id: number
    tags: string[]
  }[]
  assert.deepEqual(entry!.tags, ['1'])
  assert.match(await ok(instance.ccs('image', 'trash', 'restore', String(entry!.id))), /tagged 1/)
  assert.ok(works(await inspect('shop/old:1', `ann:${ANN}`)))
  assert.match(await ok(instance.ccs('image', 'tags', 'shop/old')), /^1 +sha256:/m)
  assert.match(await ok(instance.ccs('image', 'gc')), /blobs with .* removed/)
  assert.match(
    await ok(instance.ccs('registry', 'fsck', '--deep')),
    /: 0 problems \(every byte read\)/,
  )
  const missing = await instance.ccs('image', 'trash', 'purge', '999')
  assert.equal(missing.code, 3)
})
