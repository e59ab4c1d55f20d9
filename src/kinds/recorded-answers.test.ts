// Holds defaults, validation and columns against recorded answers of Kubernetes 1.36.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { StatusError } from '#base/errors.ts'
import type { KindDefinition } from './definition.ts'
import { fieldMatcher, parseFieldSelector } from './field-selector.ts'
import { parseLabelSelector } from './label-selector-parser.ts'
import type { KubeObject } from './object.ts'
import { apiVersionOf } from './meta.ts'
import { builtinKinds } from './registry.ts'

interface Step {
  label: string
  request: { method: string; path: string; body?: unknown }
  response: { status: number; body: Fields }
}
type Fields = Record<string, unknown>

const IMAGE = 'registry.example.com/busybox:1.37'

function steps(scenario: string): Step[] {
  const file = new URL(
    `../../test/data/kubernetes-1.36/recordings/${scenario}.json`,
    import.meta.url,
  )
  const text = readFileSync(file, 'utf8').replaceAll('{image}', IMAGE).replaceAll('{ns}', 'ref-ns')
  return (JSON.parse(text) as { steps: Step[] }).steps
}

function step(scenario: string, label: string): Step {
  const found = steps(scenario).find((candidate) => candidate.label === label)
  assert.ok(found, `${scenario} has no step "${label}"`)
  return found
}

const copy = <T>(value: T): T => structuredClone(value)

function kindOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): KindDefinition {
  const found = builtinKinds.find(
    ({ ref }) => ref.kind === kind && apiVersionOf(ref) === apiVersion,
  )
  assert.ok(found, `no kind ${kind} in ${apiVersion}`)
  return found
}

/** The object a create would store, as far as its kind decides. `metadata` is what the server gave it. */
function created(
  body: unknown,
  metadata: Partial<KubeObject['metadata']> = {},
): { definition: KindDefinition; object: KubeObject } {
  const object = copy(body) as KubeObject
  const definition = kindOf(object)
  object.metadata ??= { name: '' }
  Object.assign(object.metadata, metadata)
  if (definition.ref.namespaced) object.metadata.namespace ??= 'ref-ns'
  definition.defaults(object)
  definition.prepare?.(object, undefined, undefined)
  definition.stamp?.(object, undefined, Date.parse(metadata.creationTimestamp ?? '2026-11-01'))
  definition.derive?.(object)
  return { definition, object }
}

describe('defaults equal those recorded', () => {
  /** Filled in by admission and by the allocation of addresses. */
  const addedLater: Record<string, readonly string[]> = {
    Pod: ['serviceAccountName', 'serviceAccount', 'tolerations', 'priority', 'preemptionPolicy'],
    Service: ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'],
  }
  /** Admission holds them with a finalizer while they are used. */
  const guarded = new Set(['PersistentVolume', 'PersistentVolumeClaim'])
  const setByServer = ['uid', 'creationTimestamp', 'generation', 'managedFields']

  function comparable(object: unknown): Fields {
    const fields = JSON.parse(JSON.stringify(object)) as Fields & KubeObject
    for (const key of setByServer) delete (fields.metadata as unknown as Fields)[key]
    if (guarded.has(fields.kind)) delete fields.metadata.finalizers
    const spec = fields['spec'] as Fields | undefined
    for (const key of addedLater[fields.kind] ?? []) delete spec?.[key]
    if (fields.kind === 'Pod') dropTokenVolume(spec!)
    for (const port of (fields.kind === 'Service' && (spec!['ports'] as Fields[])) || [])
      delete port['nodePort']
    return fields
  }

  function dropTokenVolume(spec: Fields): void {
    const isToken = ({ name }: { name: string }) => name.startsWith('kube-api-access-')
    const drop = (holder: Fields, key: string): void => {
      const kept = (holder[key] as { name: string }[] | undefined)?.filter((item) => !isToken(item))
      if (kept?.length) holder[key] = kept
      else delete holder[key]
    }
    drop(spec, 'volumes')
    for (const list of ['containers', 'initContainers'])
      for (const container of (spec[list] as Fields[] | undefined) ?? [])
        drop(container, 'volumeMounts')
  }

  const served = new Set(builtinKinds.map(({ ref }) => `${apiVersionOf(ref)} ${ref.kind}`))
  for (const { label, request, response } of steps('02-defaults')) {
    const { apiVersion, kind, metadata } = request.body as KubeObject
    if (!served.has(`${apiVersion} ${kind}`) || !metadata.name) continue
    test(`${kind}: ${label}`, () => {
      const { uid, creationTimestamp } = (response.body as unknown as KubeObject).metadata
      const { definition, object } = created(request.body, { uid, creationTimestamp })
      assert.deepEqual(comparable(object), comparable(response.body))
      assert.deepEqual(definition.validate(object, undefined), [])
      assert.equal(
        definition.hasGeneration,
        (response.body['metadata'] as Fields)['generation'] !== undefined,
      )
    })
  }
})

interface Cause {
  reason: string
  message: string
  field: string
}

const causesOf = ({ response }: Step): Cause[] =>
  (response.body['details'] as { causes: Cause[] }).causes

describe('validation on create equals that recorded', () => {
  const cases: [scenario: string, label: string][] = [
    ['03-errors', 'no name'],
    ['03-errors', 'bad name'],
    ['03-errors', 'bad label'],
    ['03-errors', 'pod no containers'],
    ['03-errors', 'pod no image'],
    ['03-errors', 'pod twice a name'],
    ['03-errors', 'pod request over limit'],
    ['03-errors', 'pod unknown volume'],
    ['03-errors', 'pod bad restart policy'],
    ['03-errors', 'service bad port'],
    ['03-errors', 'service two ports no names'],
    ['03-errors', 'deployment selector mismatch'],
    ['03-errors', 'deployment negative replicas'],
    ['16-custom', 'definition without schema'],
    ['16-custom', 'definition with a wrong name'],
    ['17-quota', 'priority class'],
  ]
  for (const [scenario, label] of cases)
    test(label, () => {
      const recorded = step(scenario, label)
      const { definition, object } = created(recorded.request.body)
      assert.deepEqual(definition.validate(object, undefined), causesOf(recorded))
    })

  test('a quantity that cannot be read is a decoding error', () => {
    const recorded = step('03-errors', 'pod bad quantity')
    assert.throws(
      () => created(recorded.request.body),
      (error: unknown) =>
        error instanceof StatusError &&
        error.reason === 'BadRequest' &&
        error.message === recorded.response.body['message'],
    )
  })
})

describe('validation on update equals that recorded', () => {
  function updateErrors(old: KubeObject, change: (draft: KubeObject) => void) {
    const definition = kindOf(old)
    const draft = copy(old)
    change(draft)
    definition.defaults(draft)
    definition.prepare?.(draft, old, undefined)
    return definition.validate(draft, old)
  }
  const merge = (patch: Fields) => (draft: KubeObject) => {
    const target = draft as unknown as Record<string, Fields>
    for (const [key, value] of Object.entries(patch))
      target[key] = { ...target[key], ...(value as Fields) }
  }
  const body = (scenario: string, label: string) =>
    copy(step(scenario, label).response.body) as unknown as KubeObject

  test('the selector of a deployment is immutable', () => {
    const recorded = step('03-errors', 'immutable selector')
    const { spec } = recorded.request.body as { spec: Fields }
    const errors = updateErrors(body('03-errors', 'deployment'), merge({ spec }))
    assert.deepEqual(errors, causesOf(recorded))
  })

  test('an immutable secret keeps its data', () => {
    const recorded = step('03-errors', 'secret immutable 2')
    const errors = updateErrors(
      body('03-errors', 'secret immutable 1'),
      merge({ stringData: { a: 'c' } }),
    )
    assert.deepEqual(errors, causesOf(recorded))
  })

  test('the address of a service stays', () => {
    const errors = updateErrors(
      body('12-services', 'headless'),
      merge({ spec: { clusterIP: '10.96.1.2' } }),
    )
    assert.deepEqual(errors, causesOf(step('12-services', 'change cluster ip')))
  })

  test('a binding keeps its role', () => {
    const recorded = step('15-auth', 'change a role reference')
    const old = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader', namespace: 'ref-ns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    }
    const errors = updateErrors(old, merge({ roleRef: { name: 'other' } }))
    assert.deepEqual(errors, causesOf(recorded))
  })

  test('the spec of a pod stays, but for what the message names', () => {
    const old = body('13-subresources', 'change image of pod')
    const [error, ...rest] = updateErrors(old, merge({ spec: { hostNetwork: true } }))
    const [recorded] = causesOf(step('13-subresources', 'change spec of pod'))
    assert.deepEqual(rest, [])
    assert.equal(error?.field, recorded?.field)
    assert.equal(error?.reason, recorded?.reason)
    // Kubernetes adds a diff of its internal structure; here the changed fields are named.
    const [sentence] = recorded!.message.split('\n')
    assert.equal(error?.message, `${sentence}\nchanged: spec.hostNetwork`)
    assert.deepEqual(updateErrors(old, merge({ spec: { activeDeadlineSeconds: 50 } })), [])
  })

  const serviceChanges: [label: string, before: string][] = [
    ['publish not ready', 'create'],
    ['to cluster ip', 'to node port'],
    ['to external name', 'to cluster ip'],
  ]
  for (const [label, before] of serviceChanges)
    test(`a service changes: ${label}`, () => {
      const recorded = step('12-services', label)
      const old = body('12-services', before)
      const definition = kindOf(old)
      const draft = copy(old)
      merge(recorded.request.body as Fields)(draft)
      const { spec } = draft as unknown as { spec: Fields }
      for (const [key, value] of Object.entries(spec)) if (value === null) delete spec[key]
      definition.defaults(draft)
      definition.prepare?.(draft, old, undefined)
      assert.deepEqual(definition.validate(draft, old), [])
      assert.deepEqual(spec, recorded.response.body['spec'])
    })
})

describe('selectors are refused as recorded', () => {
  const cases: [scenario: string, label: string][] = [
    ['03-errors', 'bad label selector'],
    ['03-errors', 'bad field selector'],
    ['06-lists', 'labels n gt 2'],
  ]
  for (const [scenario, label] of cases)
    test(label, () => {
      const { request, response } = step(scenario, label)
      const { searchParams } = new URL(request.path, 'http://localhost')
      const [resource] = /pods|configmaps/.exec(request.path)!
      const definition = builtinKinds.find(({ ref }) => ref.plural === resource)!
      assert.throws(
        () => {
          parseLabelSelector(searchParams.get('labelSelector') ?? '')
          fieldMatcher(parseFieldSelector(searchParams.get('fieldSelector') ?? ''), definition)
        },
        (error: unknown) =>
          error instanceof StatusError &&
          error.code === response.status &&
          error.message === response.body['message'],
      )
    })
})

describe('columns equal those recorded', () => {
  interface Table {
    columnDefinitions: { name: string; type: string; format: string; priority: number }[] | null
  }
  for (const { label, response } of steps('06-lists')) {
    const resource = /^table (\w+)$/.exec(label)?.[1]
    const definition = builtinKinds.find(({ ref }) => ref.plural === resource)
    if (definition === undefined) continue
    test(label, () => {
      const { columnDefinitions } = response.body as unknown as Table
      assert.deepEqual(
        definition.columns.map(({ name, type, format = '', priority }) => ({
          name,
          type,
          format,
          priority,
        })),
        columnDefinitions?.map(({ name, type, format, priority }) => ({
          name,
          type,
          format,
          priority,
        })),
      )
    })
  }
})

describe('cells equal those recorded', () => {
  interface Rows {
    rows: { cells: unknown[]; object: Fields }[]
  }
  const now = Date.UTC(2026, 10, 1)

  /** All cells but ages, which tell when it was recorded. */
  function assertCells(object: KubeObject, cells: unknown[]): void {
    const { columns } = kindOf(object)
    for (const [index, column] of columns.entries())
      if (column.name !== 'Age') assert.equal(column.cell(object, now), cells[index], column.name)
  }

  test('of a service', () => {
    const { rows } = step('06-lists', 'table with objects').response.body as unknown as Rows
    for (const { object, cells } of rows) assertCells(object as unknown as KubeObject, cells)
  })

  test('of a node', () => {
    const { items } = step('13-subresources', 'node status').response.body as { items: Fields[] }
    const { rows } = step('06-lists', 'table nodes').response.body as unknown as Rows
    const node = { ...items[0], apiVersion: 'v1', kind: 'Node' } as unknown as KubeObject
    assertCells(node, rows[0]!.cells)
  })
})

test('a new definition is completed as recorded', () => {
  const { request, response } = step('16-custom', 'create definition')
  const { object } = created(request.body)
  const { spec, status } = object as unknown as Fields
  assert.deepEqual(spec, response.body['spec'])
  assert.deepEqual(status, response.body['status'])
})
