// Hooks, signals, sidecars, restarts and last words on a real containerd.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Container, PodSpec } from '#kinds/k8s/core.ts'
import { TestMachine, isReady, main, sh } from './test-agent.ts'

let machine: TestMachine

before(async () => {
  machine = await TestMachine.start()
})
after(() => machine.destroy())

const never = { restartPolicy: 'Never' } as const

/** A directory that outlives the pod, for what its containers tell of their end. */
const traced = (name: string): { container: Partial<Container>; spec: Partial<PodSpec> } => ({
  container: { volumeMounts: [{ name: 'trace', mountPath: '/trace' }] },
  spec: {
    volumes: [{ name: 'trace', hostPath: { path: `/${name}`, type: 'DirectoryOrCreate' } }],
  },
})
const traceOf = (name: string) =>
  readFileSync(`${machine.runtime.directory}/host/${name}/trace`, 'utf8').trim().split('\n')

const note = (what: string) => `echo ${what} >>/trace/trace`
/** Waits for a signal, which the shell only notices between two commands. */
const onSignal = (signal: string, what: string) =>
  sh(`trap "${note(what)}; exit 0" ${signal}; while true; do sleep 0.05; done`)
const hook = (command: string) => ({ exec: { command: ['sh', '-c', command] } })

describe('a pod on containerd', { timeout: 180_000 }, () => {
  test('starts the next container when the postStart hook of the one before is over', async () => {
    const { container, spec } = traced('poststart')
    const lifecycle = { postStart: hook(`sleep 0.5; ${note('hooked')}`) }
    await machine.makePod(
      'poststart',
      { ...container, ...sh('sleep 60'), lifecycle },
      {
        ...spec,
        containers: [{ ...container, ...sh(`${note('second')}; sleep 60`), name: 'second' }],
      },
    )
    await machine.until('poststart', isReady)
    assert.deepEqual(traceOf('poststart'), ['hooked', 'second'])
    await machine.deletePod('poststart')
  })

  test('is restarted when its postStart hook fails', async () => {
    const lifecycle = { postStart: hook('echo secret; exit 3') }
    await machine.makePod('badstart', { ...sh('sleep 60'), lifecycle })
    const pod = await machine.until('badstart', (p) => (main(p)?.restartCount ?? 0) > 0)
    assert.equal(main(pod)?.ready, false)
    const told = machine.told('badstart')
    assert.ok(told.includes('FailedPostStartHook: PostStartHook failed'), told.join('\n'))
    assert.ok(told.includes('Killing: FailedPostStartHook'), told.join('\n'))
    assert.doesNotMatch(told.join('\n'), /secret/)
    await machine.deletePod('badstart')
  })

  test('ends by hooks first, its own containers next, sidecars last', async () => {
    const { container, spec } = traced('order')
    const sidecar = (name: string) => ({
      ...container,
      ...onSignal('TERM', name),
      name,
      restartPolicy: 'Always' as const,
      lifecycle: { preStop: hook(note('hook')) },
    })
    await machine.makePod(
      'order',
      {
        ...container,
        ...onSignal('TERM', 'main'),
        lifecycle: { preStop: hook(`sleep 0.5; ${note('main-hook')}`) },
      },
      {
        ...spec,
        terminationGracePeriodSeconds: 15,
        initContainers: [sidecar('first'), sidecar('second')],
      },
    )
    await machine.until('order', isReady)
    await machine.deletePod('order')
    await machine.untilGone('order')
    assert.deepEqual(traceOf('order'), ['hook', 'hook', 'main-hook', 'main', 'second', 'first'])
  })

  test('is stopped by the signal it asks for', async () => {
    const { container, spec } = traced('signal')
    const lifecycle = { stopSignal: 'SIGUSR1' } as const
    await machine.makePod(
      'signal',
      { ...container, ...onSignal('USR1', 'usr1'), lifecycle },
      { ...spec, terminationGracePeriodSeconds: 60, os: { name: 'linux' } },
    )
    await machine.until('signal', isReady)
    await machine.deletePod('signal')
    await machine.untilGone('signal')
    assert.deepEqual(traceOf('signal'), ['usr1'])
  })

  test('goes sooner when it is deleted again with less time', async () => {
    const deaf = sh('trap "" TERM; while true; do sleep 0.1; done')
    await machine.makePod('hurried', deaf, { terminationGracePeriodSeconds: 60 })
    await machine.until('hurried', isReady)
    await machine.deletePod('hurried')
    await machine.until('hurried', () => machine.reasons('hurried').includes('Killing'))
    await machine.deletePod('hurried', 1)
    await machine.untilGone('hurried')
  })

  test('tells its last words from a file, or from its log', async () => {
    const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' } as const
    const long = 'i=0; while [ $i -lt 600 ]; do echo 0123456789; i=$((i+1)); done'
    await machine.makePod('words', sh('echo good >/dev/termination-log; exit 3'), never)
    await machine.makePod('log', { ...sh(`${long}; echo last; exit 1`), ...fallback }, never)
    await machine.makePod('fine', { ...sh('echo said'), ...fallback }, never)
    await machine.makePod('long', sh(`(${long}; echo end) >/dev/termination-log; exit 1`), never)
    const endOf = async (name: string) => {
      const pod = await machine.until(name, (p) => main(p)?.state?.terminated)
      return main(pod)!.state!.terminated!
    }
    const words = await endOf('words')
    assert.deepEqual([words.exitCode, words.reason, words.message], [3, 'Error', 'good\n'])
    const log = (await endOf('log')).message ?? ''
    assert.ok(log.endsWith('0123456789\nlast\n'))
    // Eighty lines of it.
    assert.equal(log.length, 79 * 11 + 5)
    assert.equal((await endOf('fine')).message, undefined)
    const { message = '' } = await endOf('long')
    assert.equal(message.length, 4_096)
    assert.ok(message.endsWith('0123456789\nend\n'))
  })

  test('is started again by the rules of its container', async () => {
    const { container, spec } = traced('rules')
    await machine.makePod(
      'rules',
      {
        ...container,
        ...sh(`test -e /trace/trace && exit 7; ${note('once')}; exit 42`),
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      },
      spec,
    )
    const pod = await machine.until('rules', (p) => p.status?.phase === 'Failed')
    assert.equal(main(pod)?.restartCount, 1)
    assert.equal(main(pod)?.state?.terminated?.exitCode, 7)
  })

  test('is unwell when a command takes too long, and the command may not exist', async () => {
    const probe = (...command: string[]) => ({
      readinessProbe: { exec: { command }, periodSeconds: 1, timeoutSeconds: 1 },
    })
    await machine.makePod('slow', { ...sh('sleep 60'), ...probe('sleep', '9') })
    await machine.makePod('typo', { ...sh('sleep 60'), ...probe('nope') })
    const heard = (name: string, words: RegExp) =>
      machine.until(name, () => machine.told(name).some((one) => words.test(one)))
    await heard(
      'slow',
      /^Unhealthy: Readiness probe failed: command timed out: "sleep 9" timed out/,
    )
    await heard(
      'typo',
      /^Unhealthy: Readiness probe errored and resulted in unknown state: .*"nope"/,
    )
    for (const name of ['slow', 'typo']) await machine.deletePod(name)
  })

  test('says that its program cannot be run', async () => {
    await machine.makePod('nocommand', { command: ['/nope'] }, never)
    const pod = await machine.until('nocommand', (p) => p.status?.phase === 'Failed')
    const { exitCode, reason, message, startedAt } = main(pod)!.state!.terminated!
    assert.deepEqual([exitCode, reason], [128, 'StartError'])
    assert.match(message ?? '', /"\/nope"/)
    assert.equal(startedAt, '1970-01-01T00:00:00Z')
  })

  test('is refused when the machine has not enough for it', async () => {
    await machine.makePod('large', { resources: { requests: { cpu: '50' } } })
    const pod = await machine.until('large', (p) => p.status?.phase === 'Failed')
    assert.equal(pod.status?.reason, 'OutOfcpu')
    assert.match(pod.status?.message ?? '', /requested: 50000, used: \d+, capacity: 2000$/)
  })
})
