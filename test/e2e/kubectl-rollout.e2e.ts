// How kubectl 1.32 rolls a Deployment out, holds it, takes it back, and tells that it is stuck.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { eventually, Instance, kubectlMissing, leftBehind, type Result } from './instance.ts'

const IMAGE = 'registry.ccs.internal/default/hello:1'
const NAMESPACE = 'rolled'

/** A Deployment of sleeping pods; what is given for its spec is laid over it. */
const deployment = (name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: IMAGE, command: ['/bin/busybox', 'sleep', '3600'] }],
      },
    },
    ...spec,
  },
})

/** A pod's name without what is its own: its replica set's. */
const setOf = (pod: string) => pod.replace(/-[^-]+$/, '')

describe('kubectl rollout', { skip: kubectlMissing }, () => {
  let instance: Instance

  const k = (...args: string[]) =>
    instance.kubectl('--context', 'ccs-local', '-n', NAMESPACE, ...args)

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trim()
  }

  const create = (object: object) =>
    ok(
      instance.kubectlWith(
        JSON.stringify(object),
        '--context',
        'ccs-local',
        '-n',
        NAMESPACE,
        'create',
        '-f',
        '-',
      ),
    )

  const rolledOut = (name: string) => ok(k('rollout', 'status', `deploy/${name}`, '--timeout=30s'))
  const field = (what: string, path: string) => ok(k('get', what, '-o', `jsonpath=${path}`))

  /** The numbers that `rollout history` lists. */
  const revisions = async (name: string) =>
    (await ok(k('rollout', 'history', `deploy/${name}`)))
      .split('\n')
      .flatMap((line) => /^(\d+) /.exec(line)?.[1] ?? [])
      .map(Number)

  const setLevel = (name: string, level: number) =>
    ok(k('set', 'env', `deploy/${name}`, `LEVEL=${level}`))

  /** `kubectl get pods -w` until stopped; each line is an event, a name and more. */
  function watchPods(selector: string) {
    const place = ['--context', 'ccs-local', '-n', NAMESPACE]
    const watch = ['get', 'pods', '-l', selector, '-w', '--output-watch-events', '--no-headers']
    const child = spawn('kubectl', [...instance.kubectlFlags, ...place, ...watch])
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const lines = () => text.split('\n').filter(Boolean)
    return {
      has: (count: number) => lines().length >= count,
      async stop(): Promise<string[]> {
        const closed = once(child, 'close')
        child.kill()
        await closed
        return lines()
      },
    }
  }

  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
    await ok(instance.kubectl('--context', 'ccs-local', 'create', 'ns', NAMESPACE))
  })

  after(async () => {
    const names = [instance.id, instance.dataDir]
    await instance.purge()
    assert.deepEqual(await leftBehind(names), [])
  })

  test('history keeps its limit of revisions, and undo goes to any of them', async () => {
    await create(deployment('web', { revisionHistoryLimit: 2 }))
    await rolledOut('web')
    for (const level of [2, 3, 4]) {
      await setLevel('web', level)
      await ok(
        k('annotate', 'deploy', 'web', `kubernetes.io/change-cause=to ${level}`, '--overwrite'),
      )
      await rolledOut('web')
    }
    await eventually('two old revisions', 15_000, async () => {
      assert.deepEqual(await revisions('web'), [2, 3, 4])
      return true
    })
    assert.match(await ok(k('rollout', 'history', 'deploy/web')), /^4 +to 4$/m)
    assert.match(await ok(k('rollout', 'history', 'deploy/web', '--revision=3')), /LEVEL:\s+3/)
    const absent = await k('rollout', 'undo', 'deploy/web', '--to-revision=1')
    assert.match(absent.stderr, /unable to find specified revision 1 in history/)
    assert.equal(absent.code, 1)
    await ok(k('rollout', 'undo', 'deploy/web', '--to-revision=2'))
    await rolledOut('web')
    assert.equal(await field('deploy/web', '{..containers[0].env[0].value}'), '2')
    assert.deepEqual(await revisions('web'), [3, 4, 5])
  })

  test('changes made while it is paused are one revision', async () => {
    await create(deployment('held'))
    await rolledOut('held')
    await ok(k('rollout', 'pause', 'deploy/held'))
    for (const level of [1, 2]) await setLevel('held', level)
    await ok(k('set', 'resources', 'deploy/held', '--limits=memory=32Mi'))
    await ok(
      k('wait', 'deploy/held', '--for=jsonpath={.status.observedGeneration}=5', '--timeout=15s'),
    )
    assert.deepEqual(await revisions('held'), [1])
    const restart = await k('rollout', 'restart', 'deploy/held')
    assert.match(restart.stderr, /can't restart paused deployment/)
    await ok(k('rollout', 'resume', 'deploy/held'))
    await rolledOut('held')
    assert.deepEqual(await revisions('held'), [1, 2])
  })

  test('status ends with an error when the rollout makes no progress in its time', async () => {
    await create(deployment('stuck', { progressDeadlineSeconds: 3 }))
    await ok(k('set', 'image', 'deploy/stuck', 'main=registry.ccs.internal/default/nope:1'))
    const { code, stderr } = await k('rollout', 'status', 'deploy/stuck', '--timeout=30s')
    assert.match(stderr, /deployment "stuck" exceeded its progress deadline/)
    assert.equal(code, 1)
    const path = '{.status.conditions[?(@.type=="Progressing")].reason}'
    assert.equal(await field('deploy/stuck', path), 'ProgressDeadlineExceeded')
  })

  test('Recreate starts nothing new before the old has gone', async () => {
    await create(deployment('whole', { replicas: 2, strategy: { type: 'Recreate' } }))
    await rolledOut('whole')
    const watched = watchPods('app=whole')
    await eventually('the old pods in the watch', 15_000, () => Promise.resolve(watched.has(2)))
    await setLevel('whole', 2)
    await rolledOut('whole')
    const present = new Set<string>()
    const seen = new Set<string>()
    for (const line of await watched.stop()) {
      const [event, name = ''] = line.split(/ +/)
      if (event === 'DELETED') present.delete(name)
      else present.add(name)
      seen.add(setOf(name))
      assert.ok(new Set([...present].map(setOf)).size <= 1, `${line}\n${[...present].join(' ')}`)
    }
    assert.equal(seen.size, 2)
  })

  test('patch reaches the subresources status and scale', async () => {
    await create(deployment('patched'))
    await rolledOut('patched')
    const patch = (subresource: string, body: string) =>
      ok(
        k('patch', 'deploy', 'patched', '--type=merge', `--subresource=${subresource}`, '-p', body),
      )
    await patch('scale', '{"spec":{"replicas":2}}')
    assert.equal(await field('deploy/patched', '{.spec.replicas}'), '2')
    // A status patch changes nothing of what is wanted.
    await patch('status', '{"spec":{"replicas":7},"status":{"collisionCount":1}}')
    assert.equal(await field('deploy/patched', '{.spec.replicas}'), '2')
    await ok(k('scale', 'deploy', 'patched', '--replicas=0', '--current-replicas=2'))
    await ok(k('wait', 'pods', '-l', 'app=patched', '--for=delete', '--timeout=20s'))
    const late = k('wait', 'deploy/late', '--for=create', '--timeout=20s')
    await create(deployment('late', { replicas: 0 }))
    await ok(late)
  })
})
