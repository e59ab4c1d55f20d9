import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  registryHosts,
  renderContainerdConfig,
  renderPodNetwork,
  renderRegistryHosts,
} from './containerd-config.ts'
import { machinePlaces } from './machine-places.ts'

const places = machinePlaces({ dataDir: '/data', runDir: '/run/ccs/abcdef' }, 'local', 'm1')
const config = (maySetOomScores: boolean, from = places) =>
  renderContainerdConfig({
    places: from,
    address: '10.64.0.11',
    cniBinaries: '/usr/lib/cni',
    maySetOomScores,
  })

test('renderContainerdConfig keeps all of containerd in the machine’s own places', () => {
  const paths = [...config(true).matchAll(/"(\/[^"]*)/g)].map((match) => match[1]!)
  const outside = paths.filter(
    (name) => !/^\/(data\/clusters|run\/ccs\/abcdef)\/local\/m1\//.test(name),
  )
  assert.deepEqual(outside, ['/usr/lib/cni'])
})

test('renderContainerdConfig quotes a data directory with odd letters', () => {
  const odd = machinePlaces({ dataDir: '/data "q"', runDir: '/run/ccs/abcdef' }, 'local', 'm1')
  assert.match(config(true, odd), /^root = "\/data \\"q\\"\/clusters\/local\/m1\/containerd"$/m)
})

test('renderContainerdConfig restricts OOM scores where the kernel would refuse them', () => {
  assert.match(config(false), /restrict_oom_score_adj = true/)
  assert.match(config(true), /restrict_oom_score_adj = false/)
})

test('renderPodNetwork gives pods the machine’s range and leaves masquerade to our rules', () => {
  const text = renderPodNetwork({ podCIDR: '10.64.64.0/24', reservations: '/r', mtu: 1400 })
  const { plugins } = JSON.parse(text) as { plugins: Record<string, unknown>[] }
  assert.equal(plugins.length, 1)
  assert.equal(plugins[0]?.['ipMasq'], false)
  assert.equal(plugins[0]?.['mtu'], 1400)
  assert.match(text, /"subnet": "10\.64\.64\.0\/24"/)
})

test('registry hosts send every name to the gateway and none outside', () => {
  assert.deepEqual(registryHosts(5001), [
    'registry.ccs.internal',
    'localhost:5001',
    '127.0.0.1:5001',
    '_default',
  ])
  const text = renderRegistryHosts('https://10.64.1.1:5000', '/ca.pem')
  assert.match(text, /^server = "https:\/\/10\.64\.1\.1:5000"$/m)
  assert.match(text, /^\[host\."https:\/\/10\.64\.1\.1:5000"\]$/m)
  assert.equal(text.match(/^ca = "\/ca\.pem"$/gm)?.length, 2, 'of the server and of the host')
})
