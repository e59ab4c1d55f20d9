// Where pods go on real machines, why some wait, and who must make room.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually, Instance, kubectlMissing, leftBehind, type Result } from './instance.ts'

const IMAGE = 'registry.ccs.internal/default/hello:1'
const NAMESPACE = 'placed'
const HOST = 'kubernetes.io/hostname'

interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
}

interface Pod {
  metadata: { name: string; deletionTimestamp?: string }
  spec: { nodeName?: string }
  status: { phase: string; conditions?: Condition[] }
}

/** A pod that sleeps; what is given for its spec is laid over it. */
function pod(name: string, spec: object = {}, { app = name, cpu = '10m' } = {}) {
  const command = ['/bin/busybox', 'sleep', '3600']
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: IMAGE, command, resources: { requests: { cpu } } }],
      ...spec,
    },
  }
}

const needs = (expression: object, by = 'matchExpressions') => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ [by]: [expression] }],
      },
    },
  },
})

/** Near or away from the pods of an app, by machine. */
const relative = (kind: 'podAffinity' | 'podAntiAffinity', app: string) => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: HOST, labelSelector: { matchLabels: { app } } },
      ],
    },
  },
})

const priorityClass = (name: string, value: number, preemptionPolicy?: string) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
})

describe('scheduling', { skip: kubectlMissing }, () => {
  let instance: Instance

  const k = (...args: string[]) =>
    instance.kubectl('--context', 'ccs-local', '-n', NAMESPACE, ...args)

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trim()
  }

  const create = (...items: object[]) =>
    ok(
      instance.kubectlWith(
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
        '--context',
        'ccs-local',
        '-n',
        NAMESPACE,
        'create',
        '-f',
        '-',
      ),
    )

  const podOf = async (name: string) =>
    JSON.parse(await ok(k('get', 'pod', name, '-o', 'json'))) as Pod

  const conditionOf = async (name: string, type: string) =>
    (await podOf(name)).status.conditions?.find((condition) => condition.type === type)

  const placed = (name: string) =>
    eventually(`a machine for ${name}`, 15_000, async () => (await podOf(name)).spec.nodeName)

  /** Waits until a pod was looked at and found no place; gives the reason and the message. */
  const refused = (name: string, message: RegExp) =>
    eventually(`the refusal of ${name}`, 15_000, async () => {
      const condition = await conditionOf(name, 'PodScheduled')
      assert.match(condition?.message ?? '', message)
      assert.deepEqual([condition?.status, condition?.reason], ['False', 'Unschedulable'])
      return true
    })

  const told = (name: string, reason: string, message: RegExp) =>
    eventually(`event ${reason} of ${name}`, 15_000, async () =>
      message.test(
        await ok(
          k(
            'get',
            'events',
            '-o',
            'jsonpath={.items[*].message}',
            `--field-selector=involvedObject.name=${name},reason=${reason}`,
          ),
        ),
      ),
    )

  const gone = (name: string) =>
    eventually(`the end of ${name}`, 20_000, async () =>
      /NotFound/.test((await k('get', 'pod', name)).stderr),
    )

  const clear = () => ok(k('delete', 'pods', '--all', '--force', '--grace-period=0'))

  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
    await ok(instance.kubectl('--context', 'ccs-local', 'create', 'ns', NAMESPACE))
    await ok(k('label', 'node', 'local-1', 'disk=ssd', 'size=4'))
    await ok(k('label', 'node', 'local-2', 'disk=hdd', 'size=8'))
  })

  after(async () => {
    const names = [instance.id, instance.dataDir]
    await instance.purge()
    assert.deepEqual(await leftBehind(names), [])
  })

  test('a pod goes where its selector and its node affinity say, or waits', async () => {
    const wanted: [string, object, string][] = [
      ['selected', { nodeSelector: { disk: 'hdd' } }, 'local-2'],
      ['in', needs({ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] }), 'local-1'],
      ['not-in', needs({ key: 'disk', operator: 'NotIn', values: ['ssd'] }), 'local-2'],
      ['gt', needs({ key: 'size', operator: 'Gt', values: ['5'] }), 'local-2'],
      [
        'by-field',
        needs({ key: 'metadata.name', operator: 'In', values: ['local-1'] }, 'matchFields'),
        'local-1',
      ],
    ]
    await create(
      ...wanted.map(([name, spec]) => pod(name, spec)),
      pod('nowhere', needs({ key: 'gpu', operator: 'Exists' })),
    )
    for (const [name, , machine] of wanted) assert.equal(await placed(name), machine, name)
    const message =
      /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector/
    await refused('nowhere', message)
    await told('nowhere', 'FailedScheduling', message)
    await ok(k('label', 'node', 'local-1', 'gpu=yes'))
    assert.equal(await placed('nowhere'), 'local-1')
    await clear()
  })

  test('pods keep away from, and near to, each other, and spread', async () => {
    const apart = relative('podAntiAffinity', 'apart')
    await create(...[1, 2, 3].map((n) => pod(`apart-${n}`, apart, { app: 'apart' })))
    const waiting = await eventually('two placed, one refused', 15_000, async () => {
      const pods = await Promise.all([1, 2, 3].map((n) => podOf(`apart-${n}`)))
      const machines = pods.flatMap(({ spec }) => spec.nodeName ?? [])
      if (machines.length !== 2) return undefined
      assert.deepEqual(machines.toSorted(), ['local-1', 'local-2'])
      return pods.find(({ spec }) => spec.nodeName === undefined)?.metadata.name
    })
    const message = /^0\/2 nodes are available: 2 node\(s\) didn't match pod anti-affinity rules/
    await refused(waiting, message)
    await told(waiting, 'FailedScheduling', message)

    await create(pod('host', { nodeSelector: { disk: 'hdd' } }))
    await create(pod('guest', relative('podAffinity', 'host')))
    assert.equal(await placed('guest'), 'local-2')

    const spread = {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: HOST,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'even' } },
        },
      ],
    }
    const even = [1, 2, 3, 4].map((n) => `even-${n}`)
    await create(...even.map((name) => pod(name, spread, { app: 'even' })))
    const machines = await Promise.all(even.map(placed))
    assert.equal(machines.filter((machine) => machine === 'local-1').length, 2)
    await clear()
  })

  test('a taint keeps pods out; NoExecute sends them away, at once or in time', async () => {
    const on2 = { nodeSelector: { [HOST]: 'local-2' } }
    const tolerate = (tolerationSeconds?: number) => ({
      ...on2,
      tolerations: [{ key: 'out', operator: 'Exists', effect: 'NoExecute', tolerationSeconds }],
    })
    await ok(k('taint', 'node', 'local-2', 'kept=yes:NoSchedule'))
    await create(pod('out', on2))
    await refused('out', /1 node\(s\) had untolerated taint/)
    await ok(k('taint', 'node', 'local-2', 'kept-'))
    assert.equal(await placed('out'), 'local-2')
    await create(pod('a-while', tolerate(4)), pod('ever', tolerate()))
    for (const name of ['a-while', 'ever']) assert.equal(await placed(name), 'local-2')
    const before = Date.now()
    await ok(k('taint', 'node', 'local-2', 'out=now:NoExecute'))
    await gone('out')
    await told('out', 'TaintManagerEviction', /Marking for deletion Pod placed\/out/)
    await gone('a-while')
    assert.ok(Date.now() - before >= 4_000, 'a pod left before its toleration ran out')
    await told('a-while', 'TaintManagerEviction', /Marking for deletion Pod placed\/a-while/)
    assert.equal((await podOf('ever')).metadata.deletionTimestamp, undefined)
    await ok(k('taint', 'node', 'local-2', 'out-'))
    await clear()
  })

  test('a more important pod takes the place of another, unless it never preempts', async () => {
    const path = 'jsonpath={.status.allocatable.cpu}'
    const amount = await ok(k('get', 'node', 'local-1', '-o', path))
    const millis = amount.endsWith('m') ? Number.parseInt(amount, 10) : Number(amount) * 1000
    const most = { cpu: `${Math.floor(millis * 0.7)}m` }
    const on1 = { nodeSelector: { [HOST]: 'local-1' } }
    await create(priorityClass('high', 1000), priorityClass('meek', 1000, 'Never'))
    // A finalizer, so that what is said of the victim can still be read.
    const filler = pod('filler', on1, most)
    const finalizers = ['example.com/keep']
    await create({ ...filler, metadata: { ...filler.metadata, finalizers } })
    assert.equal(await placed('filler'), 'local-1')
    await create(pod('meek', { ...on1, priorityClassName: 'meek' }, most))
    await refused('meek', /1 Insufficient cpu/)
    assert.equal((await podOf('filler')).metadata.deletionTimestamp, undefined)
    await ok(k('delete', 'pod', 'meek'))
    await create(pod('high', { ...on1, priorityClassName: 'high' }, most))
    const condition = await eventually('the mark of the victim', 15_000, () =>
      conditionOf('filler', 'DisruptionTarget'),
    )
    assert.deepEqual([condition.status, condition.reason], ['True', 'PreemptionByScheduler'])
    await told('filler', 'Preempted', /^Preempted by pod \S+ on node local-1/)
    await ok(k('patch', 'pod', 'filler', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'))
    assert.equal(await placed('high'), 'local-1')
    await clear()
  })

  test('a gate holds a pod back until it is taken away', async () => {
    await create(pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }))
    await eventually('the word of the gate', 15_000, async () => {
      const condition = await conditionOf('gated', 'PodScheduled')
      return condition?.reason === 'SchedulingGated'
    })
    assert.equal((await podOf('gated')).spec.nodeName, undefined)
    const open = '{"spec":{"schedulingGates":null}}'
    await ok(k('patch', 'pod', 'gated', '--type=merge', '-p', open))
    await placed('gated')
    await clear()
  })
})
