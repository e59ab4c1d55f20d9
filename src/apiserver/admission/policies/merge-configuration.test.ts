import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServedResource } from '../../resources.ts'
import { mergeConfiguration } from './merge-configuration.ts'

const pod = { custom: false, schema: 'io.k8s.api.core.v1.Pod' } as ServedResource
const merge = (target: object, change: object, resource = pod) =>
  mergeConfiguration(resource, target as Record<string, unknown>, change as Record<string, unknown>)

test('fields and maps are merged, and nothing else is lost', () => {
  const target = { metadata: { name: 'a', labels: { x: '1', y: '2' } }, spec: { nodeName: 'n' } }
  assert.deepEqual(
    merge(target, { metadata: { labels: { y: '3', z: '4' } }, spec: { priority: 1 } }),
    {
      metadata: { name: 'a', labels: { x: '1', y: '3', z: '4' } },
      spec: { nodeName: 'n', priority: 1 },
    },
  )
  assert.deepEqual(target.metadata.labels, { x: '1', y: '2' })
})

test('lists are merged by their keys, defaults of keys included, or as sets', () => {
  const port = (containerPort: number, more: object = {}) => ({ containerPort, ...more })
  const target = {
    metadata: { finalizers: ['a.b/c'] },
    spec: {
      containers: [
        { name: 'a', image: 'x', ports: [port(80, { protocol: 'TCP' })] },
        { name: 'b' },
      ],
    },
  }
  const change = {
    metadata: { finalizers: ['a.b/c', 'd.e/f'] },
    spec: {
      containers: [{ name: 'a', ports: [port(80, { name: 'web' }), port(81)] }, { name: 'c' }],
    },
  }
  assert.deepEqual(merge(target, change), {
    metadata: { finalizers: ['a.b/c', 'd.e/f'] },
    spec: {
      containers: [
        { name: 'a', image: 'x', ports: [port(80, { protocol: 'TCP', name: 'web' }), port(81)] },
        { name: 'b' },
        { name: 'c' },
      ],
    },
  })
})

test('what is one piece is not changed in part', () => {
  const message = (path: string) => ({
    message: `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${path}`,
  })
  const container = { name: 'a', args: ['x'] }
  assert.throws(
    () => merge({}, { spec: { containers: [container] } }),
    message(`.spec.containers[${JSON.stringify(container)}].args`),
  )
  assert.throws(
    () => merge({}, { spec: { nodeSelector: { a: 'b' } } }),
    message('.spec.nodeSelector'),
  )
})

test('custom kinds are merged by their own schema', () => {
  const items = { type: 'object', properties: { k: { type: 'string' }, v: { type: 'integer' } } }
  const list = {
    type: 'array',
    items,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
  }
  const spec = { type: 'object', properties: { list, plain: { type: 'array', items } } }
  const resource = {
    custom: true,
    openApiSchema: { type: 'object', properties: { spec } },
  } as unknown as ServedResource
  const target = { spec: { list: [{ k: 'a', v: 1 }] } }
  assert.deepEqual(merge(target, { spec: { list: [{ k: 'a', v: 2 }, { k: 'b' }] } }, resource), {
    spec: { list: [{ k: 'a', v: 2 }, { k: 'b' }] },
  })
  assert.throws(() => merge(target, { spec: { plain: [] } }, resource), /may not mutate atomic/)
})
