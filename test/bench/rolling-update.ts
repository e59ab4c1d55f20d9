// Whether users notice that all instances of a service are replaced.
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, steadyLoad } from '../e2e/instance.ts'
import { HUB_CONTEXT, type LiveInstance } from './live-instance.ts'
import { row } from './rows.ts'
import type { Step } from './step.ts'

const CLIENTS = 4
const TIMEOUT_MS = 90_000
/** Until the old instances, which drain, are gone too. */
const AFTERMATH_MS = 5_000
const SERVICE = 'containerservices.ccs.dev/hello'

interface Seen {
  metadata: { generation: number }
  status?: { phase: string; observedGeneration?: number }
}

async function see(instance: LiveInstance): Promise<Seen> {
  const text = await instance.kubectl(HUB_CONTEXT, '-n', 'default', 'get', SERVICE, '-o', 'json')
  return JSON.parse(text) as Seen
}

async function replaceAll(instance: LiveInstance): Promise<void> {
  const env = [{ name: 'BENCH', value: String(Date.now()) }]
  const patch = ['--type', 'merge', '-p', JSON.stringify({ spec: { env } })]
  await instance.kubectl(HUB_CONTEXT, '-n', 'default', 'patch', SERVICE, ...patch)
  await eventually('the end of the rolling update', TIMEOUT_MS, async () => {
    const { metadata, status } = await see(instance)
    return status?.phase === 'Ready' && status.observedGeneration === metadata.generation
  })
}

export const rollingUpdateStep: Step = {
  name: 'rolling-update',
  needs: ['root', 'kubectl'],
  timeoutMs: 180_000,
  async measure({ live, note }) {
    const instance = await live()
    const loads = Array.from({ length: CLIENTS }, () => steadyLoad(instance.url))
    try {
      await replaceAll(instance)
      await sleep(AFTERMATH_MS)
    } finally {
      await Promise.all(loads.map((load) => load.stop()))
    }
    const results = await Promise.all(loads.map((load) => load.stop()))
    const failures = results.flatMap((result) => result.failures)
    const sent = results.reduce((total, result) => total + result.sent, 0)
    note(`rolling-update: ${sent} requests${failures.length > 0 ? `; lost: ${failures[0]}` : ''}`)
    return [row('lostRequests', failures.length)]
  },
}
