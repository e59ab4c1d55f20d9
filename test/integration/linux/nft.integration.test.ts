import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { openNftSession } from '#linux/nft.ts'
import { argvOf } from '#linux/process-identity.ts'
import { createNetworkNamespace, deleteNetworkNamespace } from '#linux/network-namespaces.ts'

const name = `ccs-test-nft-${randomBytes(3).toString('hex')}`
const netnsPath = await createNetworkNamespace(name)
const session = openNftSession({ netnsPath, log: silentLogger, timeoutMs: 5_000 })

after(async () => {
  await session.close()
  await deleteNetworkNamespace(name)
})

const table = (address: string) => `
table inet one
delete table inet one
table inet one {
  chain c {
    type filter hook input priority 0
    ip saddr ${address} drop
  }
}
`

test('NftSession.apply puts a ruleset into its namespace only', async () => {
  await session.apply(table('1.2.3.4'))
  assert.match(await session.query('list table inet one'), /ip saddr 1\.2\.3\.4 drop/)
  await session.apply(table('1.2.3.5'))
  assert.match(await session.query('list table inet one'), /ip saddr 1\.2\.3\.5 drop/)
  const host = openNftSession({ log: silentLogger })
  await assert.rejects(host.query('list table inet one'), /No such file or directory/)
  await host.close()
})

test('NftSession.apply leaves everything as it was when one rule is refused', async () => {
  const ruleset = 'table inet two {\n}\nadd rule inet missing c accept\n'
  await assert.rejects(session.apply(ruleset), (error: Error) => {
    assert.match(error.message, /ruleset:3:|ruleset:\d.*Error: .*No such file/s)
    return true
  })
  await assert.rejects(session.query('list table inet two'), /No such file/)
  await session.apply(table('1.2.3.6'))
})

test('NftSession answers many requests in their order', async () => {
  const addresses = Array.from({ length: 200 }, (_, i) => `1.1.1.${i}`)
  await Promise.all(addresses.map((address) => session.apply(table(address))))
  assert.match(await session.query('list table inet one'), /1\.1\.1\.199/)
})

test('NftSession reads outputs larger than a pipe holds', async () => {
  const elements = Array.from({ length: 20_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(',')
  await session.apply(
    `table inet big {\n set s {\n type ipv4_addr\n elements = { ${elements} }\n }\n}\n`,
  )
  const output = await session.query('list table inet big')
  assert.ok(output.length > 200_000)
  assert.match(output, /10\.0\.0\.1,/)
})

test('NftSession rejects what its process died of, and starts it again for the next', async () => {
  await session.apply(table('1.2.3.7'))
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const pid = children.map(Number).find((child) => argvOf(child)[0] === 'nft')
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGSTOP')
  const stuck = session.apply(table('1.2.3.8'))
  const next = session.apply(table('1.2.3.9'))
  process.kill(pid, 'SIGKILL')
  await assert.rejects(stuck, /nft ended \(SIGKILL\)/)
  await next
  assert.match(await session.query('list table inet one'), /1\.2\.3\.9/)
})

test('NftSession gives up a process that does not answer in time', async () => {
  const hasty = openNftSession({ netnsPath, log: silentLogger, timeoutMs: 1 })
  await assert.rejects(hasty.apply(table('1.2.3.4')), /no answer in 1 ms/)
  await hasty.close()
})
