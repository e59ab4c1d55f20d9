import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choosePorts, equalPorts, type PortReadings, type PortWishes } from './choose-ports.ts'

const nothing: PortWishes = { asked: {}, stored: undefined, running: new Set() }

function computer(taken: { byProcess?: number[]; byInstance?: number[] }): PortReadings {
  return {
    isFree: async (port) => !taken.byProcess?.includes(port),
    ownerOf: (port) => (taken.byProcess?.includes(port) ? { pid: 42, name: 'k3s' } : undefined),
    takenBy: (port) => (taken.byInstance?.includes(port) ? '/other' : undefined),
  }
}

test('choosePorts keeps free defaults', async () => {
  const { ports, moved, problems } = await choosePorts(nothing, computer({}))
  assert.deepEqual(ports, { api: 6443, registry: 5000, dns: 1053 })
  assert.deepEqual([...moved, ...problems], [])
})

test('choosePorts moves a taken default to the next free port and says who has it', async () => {
  const { ports, moved, problems } = await choosePorts(
    nothing,
    computer({ byProcess: [6443, 6444], byInstance: [6445, 5000] }),
  )
  assert.deepEqual(ports, { api: 6446, registry: 5001, dns: 1053 })
  assert.deepEqual(problems, [])
  assert.match(moved[0]!, /port 6443 is taken by k3s \(pid 42\); api uses 6446 .*--api-port/)
  assert.match(
    moved[1]!,
    /port 5000 is taken by the instance of ccs in \/other; registry uses 5001/,
  )
})

test('choosePorts refuses a taken port that was asked for, and names the flag', async () => {
  const { problems, moved } = await choosePorts(
    { ...nothing, asked: { registry: 5000 } },
    computer({ byProcess: [5000] }),
  )
  assert.deepEqual(moved, [])
  assert.deepEqual(problems, [
    {
      state: 'fail',
      found: 'port 5000 is taken by k3s (pid 42)',
      mend: 'stop it, or choose another port with --registry-port',
    },
  ])
})

test('choosePorts never moves a port that the instance has had', async () => {
  const stored = { api: 7000, registry: 7001, dns: 7002 }
  const { ports, problems } = await choosePorts(
    { ...nothing, stored },
    computer({ byProcess: [7001] }),
  )
  assert.deepEqual(ports, stored)
  assert.equal(problems.length, 1)
})

test('choosePorts does not take its own running processes for thieves', async () => {
  const stored = { api: 7000, registry: 7001, dns: 7002 }
  const { problems } = await choosePorts(
    { asked: {}, stored, running: new Set(['api', 'registry', 'dns']) },
    computer({ byProcess: [7000, 7001, 7002] }),
  )
  assert.deepEqual(problems, [])
})

test('choosePorts moves a default that a flag gave to another part', async () => {
  const { ports } = await choosePorts({ ...nothing, asked: { api: 5000 } }, computer({}))
  assert.deepEqual(ports, { api: 5000, registry: 5001, dns: 1053 })
})

test('choosePorts gives up when all alternatives are taken', async () => {
  const byProcess = Array.from({ length: 101 }, (_, i) => 1053 + i)
  const { problems } = await choosePorts(nothing, computer({ byProcess }))
  assert.match(problems[0]!.found, /port 1053 .* and so are the 100 after it/)
})

test('equalPorts names the flags that have the same port', () => {
  assert.equal(equalPorts({ api: 1, dns: 2 }), undefined)
  assert.match(equalPorts({ api: 9, dns: 9 })!, /--api-port and --dns-port are both 9/)
})
