// Checks that look at the kernel itself: a firewall in a namespace of its own, and what instances that are gone have left.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { acceptInHostFilter, removeFromHostFilter } from '#linux/host-filter.ts'
import { instanceNames } from '#linux/instance-names.ts'
import {
  createNetworkNamespace,
  deleteNetworkNamespace,
  listNetworkNamespaces,
} from '#linux/network-namespaces.ts'
import { openNftSession } from '#linux/nft.ts'
import { run } from '#linux/run.ts'
import { firewallCheck } from '#setup/checks/firewall.ts'
import { readLeftovers, removeLeftovers } from '#setup/checks/leftovers.ts'

/** No real instance's: those of two tests at the same time differ. */
const ID = `zz${process.pid.toString(2).slice(-4).replaceAll('0', 'a').replaceAll('1', 'b').padStart(4, 'c')}`
const NAMESPACE = `ccs-test-fw-${process.pid}`
const names = instanceNames(ID)

after(async () => {
  await deleteNetworkNamespace(NAMESPACE)
  await deleteNetworkNamespace(names.routerNamespace('local'))
})

test('firewallCheck names the chain that drops, until accept rules stand in front of it', async () => {
  const netnsPath = await createNetworkNamespace(NAMESPACE)
  const session = openNftSession({ netnsPath, log: silentLogger })
  const look = async () => (await firewallCheck.look({ id: ID, isRunning: true, netnsPath }))[0]!
  try {
    assert.equal((await look()).state, 'ok')
    await session.apply(
      'table inet mine { chain fence { type filter hook forward priority 0; policy drop; }; }\n',
    )
    const closed = await look()
    assert.equal(closed.state, 'fail')
    assert.match(closed.found, /chain inet mine fence of the host's firewall may drop/)
    // The command that it gives does what it says.
    const inNamespace = closed.mend!.replaceAll('nft ', `ip netns exec ${NAMESPACE} nft `)
    await run(['sh', '-ec', inNamespace])
    assert.match((await look()).found, /inet mine fence: our accept rules stand in front/)
    await removeFromHostFilter(session, names.ruleComment)
    assert.equal((await look()).state, 'fail')
    await acceptInHostFilter(session, { comment: names.ruleComment, linkPrefix: names.linkPrefix })
    assert.equal((await look()).state, 'ok')
  } finally {
    await session.close()
  }
})

test('removeLeftovers takes what a vanished instance left and nothing else', async () => {
  await createNetworkNamespace(names.routerNamespace('local'))
  await run(['nft', 'add', 'table', 'inet', names.table])
  const own = (await readLeftovers('aaaaaa')).find(({ id }) => id === ID)
  assert.deepEqual(own?.what, ['1 namespaces', '1 tables'])
  const others = listNetworkNamespaces().filter((name) => !name.includes(ID))
  const removed = await removeLeftovers('aaaaaa', systemClock, (id) => id === ID)
  assert.deepEqual(
    removed.map(({ id }) => id),
    [ID],
  )
  assert.ok(!listNetworkNamespaces().some((name) => name.includes(ID)))
  assert.ok(!(await run(['nft', 'list', 'tables'])).includes(ID))
  const now = listNetworkNamespaces()
  // What another test took away meanwhile is no proof; that all went would be.
  assert.ok(others.length === 0 || others.some((name) => now.includes(name)))
})
