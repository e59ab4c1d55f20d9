import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type FakeClock, fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import type { Container } from '#kinds/k8s/core.ts'
import { Gate } from '#base/gate.ts'
import {
  type ProbeFinding,
  ProbeManager,
  type ProbedContainer,
  probeEvent,
} from './probe-manager.ts'
import type { ProbeKind } from './probe-state.ts'

const KINDS: Record<number, ProbeKind> = { 1: 'startup', 2: 'liveness', 3: 'readiness' }

interface Setup {
  clock: FakeClock
  manager: ProbeManager
  /** What each kind of probe finds now. */
  health: Record<ProbeKind, boolean>
  asked: ProbeKind[]
  changes: () => number
  findings: ProbeFinding[]
  machine: { isAnswering: boolean }
  answers: { error: Error | undefined; warns: boolean }
}

function setup(): Setup {
  const clock = fakeClock()
  const health = { startup: true, liveness: true, readiness: true }
  const asked: ProbeKind[] = []
  const findings: ProbeFinding[] = []
  const machine = { isAnswering: true }
  let changes = 0
  const answers: { error: Error | undefined; warns: boolean } = { error: undefined, warns: false }
  const manager = new ProbeManager({
    clock,
    random: seededRandom(1),
    log: silentLogger,
    gate: new Gate(4),
    isAnswering: () => machine.isAnswering,
    // The port tells the kinds apart.
    prober: async ({ probe }) => {
      const kind = KINDS[Number(probe.tcpSocket?.port)] ?? 'readiness'
      asked.push(kind)
      if (answers.error !== undefined) throw answers.error
      return { ok: health[kind], output: 'refused', warning: answers.warns }
    },
    changed: () => changes++,
    found: (_, finding) => findings.push(finding),
  })
  return { clock, manager, health, asked, changes: () => changes, findings, machine, answers }
}

const probe = (port: number) => ({
  tcpSocket: { port },
  periodSeconds: 1,
  failureThreshold: 2,
  successThreshold: 1,
})

const target = (
  { clock }: Setup,
  container: Partial<Container>,
  more: Partial<ProbedContainer> = {},
): ProbedContainer => ({
  id: 'c1',
  container: { name: 'main', ...container },
  startedAtMs: clock.now(),
  address: '10.0.0.1',
  before: undefined,
  ending: false,
  ...more,
})

describe('ProbeManager', () => {
  test('a container without probes is ready at once', () => {
    const s = setup()
    s.manager.follow('u', [target(s, {})])
    assert.deepEqual(s.manager.view('c1'), { started: true, ready: true, failed: undefined })
  })

  test('a container is ready when its probe says so', async () => {
    const s = setup()
    s.manager.follow('u', [target(s, { readinessProbe: probe(3) })])
    assert.equal(s.manager.view('c1').ready, false)
    await s.clock.advance(0)
    assert.equal(s.manager.view('c1').ready, true)
    assert.equal(s.changes(), 1)
  })

  test('waits for the initial delay', async () => {
    const s = setup()
    const readinessProbe = { ...probe(3), initialDelaySeconds: 5 }
    s.manager.follow('u', [target(s, { readinessProbe })])
    await s.clock.advance(4_999)
    assert.deepEqual(s.asked, [])
    await s.clock.advance(1)
    assert.deepEqual(s.asked, ['readiness'])
  })

  test('quick looks at a new container do not count as failures', async () => {
    const s = setup()
    s.health.readiness = false
    s.manager.follow('u', [target(s, { readinessProbe: probe(3) })])
    await s.clock.advance(700)
    assert.ok(s.asked.length >= 4)
    assert.deepEqual(s.findings, [])
    s.health.readiness = true
    await s.clock.advance(1_000)
    assert.equal(s.manager.view('c1').ready, true)
  })

  test('readiness is lost after as many failures as the threshold says', async () => {
    const s = setup()
    s.manager.follow('u', [target(s, { readinessProbe: probe(3) })])
    await s.clock.advance(0)
    s.health.readiness = false
    await s.clock.advance(1_000)
    assert.equal(s.manager.view('c1').ready, true)
    await s.clock.advance(1_000)
    assert.equal(s.manager.view('c1').ready, false)
    assert.deepEqual(probeEvent(s.findings[0]!), {
      reason: 'Unhealthy',
      message: 'Readiness probe failed: refused',
    })
  })

  test('nothing else is asked before the startup probe succeeded', async () => {
    const s = setup()
    s.health.startup = false
    const container = { startupProbe: probe(1), livenessProbe: probe(2), readinessProbe: probe(3) }
    s.manager.follow('u', [target(s, container)])
    await s.clock.advance(500)
    assert.deepEqual(new Set(s.asked), new Set(['startup']))
    assert.equal(s.manager.view('c1').started, false)
    s.health.startup = true
    await s.clock.advance(1_000)
    assert.deepEqual(new Set(s.asked), new Set(['startup', 'liveness', 'readiness']))
    assert.deepEqual(s.manager.view('c1'), { started: true, ready: true, failed: undefined })
  })

  test('a failed liveness probe asks for a restart', async () => {
    const s = setup()
    s.health.liveness = false
    s.manager.follow('u', [target(s, { livenessProbe: probe(2) })])
    await s.clock.advance(0)
    assert.equal(s.manager.view('c1').failed, undefined)
    await s.clock.advance(1_000)
    assert.equal(s.manager.view('c1').failed, 'liveness')
  })

  test('a probe that fails while the machine does not answer says nothing of the container', async () => {
    const s = setup()
    const container = { livenessProbe: probe(2), readinessProbe: probe(3) }
    s.manager.follow('u', [target(s, container)])
    await s.clock.advance(0)
    Object.assign(s.health, { liveness: false, readiness: false })
    s.machine.isAnswering = false
    await s.clock.advance(10_000)
    assert.deepEqual(s.manager.view('c1'), { started: true, ready: true, failed: undefined })
    s.machine.isAnswering = true
    await s.clock.advance(3_000)
    assert.deepEqual(s.manager.view('c1'), { started: true, ready: false, failed: 'liveness' })
  })

  test('an adopted container keeps its readiness until a probe says otherwise', async () => {
    const s = setup()
    s.health.readiness = false
    const before = { started: true, ready: true }
    s.manager.follow('u', [target(s, { readinessProbe: probe(3) }, { before })])
    await s.clock.advance(1_000)
    assert.equal(s.manager.view('c1').ready, true)
    await s.clock.advance(5_000)
    assert.equal(s.manager.view('c1').ready, false)
  })

  test('adopted containers are not asked all at once, nor more often than their period says', async () => {
    const s = setup()
    const before = { started: true, ready: false }
    const period = { ...probe(3), periodSeconds: 10 }
    const ids = Array.from({ length: 20 }, (_, n) => `c${n}`)
    const startedAtMs = s.clock.now() - 60_000
    s.manager.follow(
      'u',
      ids.map((id) => target(s, { readinessProbe: period }, { id, before, startedAtMs })),
    )
    s.health.readiness = false
    await s.clock.advance(1_000)
    assert.ok(s.asked.length <= 6, `${s.asked.length} of 20 in the first tenth of a period`)
    await s.clock.advance(9_000)
    assert.equal(s.asked.length, 20)
  })

  test('tells of a probe that could not be made, and counts it neither way', async () => {
    const s = setup()
    s.answers.error = new Error('no such port')
    s.manager.follow('u', [target(s, { livenessProbe: probe(2) })])
    await s.clock.advance(5_000)
    assert.equal(s.manager.view('c1').failed, undefined)
    assert.deepEqual(probeEvent(s.findings[0]!), {
      reason: 'Unhealthy',
      message: 'Liveness probe errored and resulted in unknown state: no such port',
    })
    assert.equal(s.findings.length, 6)
  })

  test('tells of a remark of a probe that passes', async () => {
    const s = setup()
    s.answers.warns = true
    s.manager.follow('u', [target(s, { readinessProbe: probe(3) })])
    await s.clock.advance(0)
    assert.equal(s.manager.view('c1').ready, true)
    assert.deepEqual(probeEvent(s.findings[0]!), {
      reason: 'ProbeWarning',
      message: 'Readiness probe warning: refused',
    })
  })

  test('a pod that ends is only asked for readiness', async () => {
    const s = setup()
    const container = { livenessProbe: probe(2), readinessProbe: probe(3) }
    s.manager.follow('u', [target(s, container)])
    await s.clock.advance(0)
    s.manager.follow('u', [target(s, container, { ending: true })])
    s.asked.length = 0
    await s.clock.advance(3_000)
    assert.deepEqual(new Set(s.asked), new Set(['readiness']))
  })

  test('forgets containers that are gone', async () => {
    const s = setup()
    s.manager.follow('u', [target(s, { readinessProbe: probe(3) })])
    s.manager.forget('u')
    await s.clock.advance(5_000)
    assert.deepEqual(s.asked, [])
    assert.equal(s.clock.pending, 0)
  })
})
