import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiRequest } from '#base/api-call.ts'
import { readRequest } from './request-info.ts'

const read = (method: ApiRequest['method'], url: string) => {
  const [path = '', query] = url.split('?')
  const {
    type: _type,
    version: _version,
    ...rest
  } = readRequest({
    method,
    path,
    query: new URLSearchParams(query),
  }) as unknown as Record<string, unknown>
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
}

test('readRequest tells verb and place of a resource', () => {
  const cases: [ApiRequest['method'], string, Record<string, unknown>][] = [
    ['GET', '/api/v1/pods', { verb: 'list', group: '', resource: 'pods' }],
    [
      'GET',
      '/api/v1/namespaces/n/pods?watch=true',
      { verb: 'watch', group: '', resource: 'pods', namespace: 'n' },
    ],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/n/deployments/d/scale',
      {
        verb: 'patch',
        group: 'apps',
        resource: 'deployments',
        namespace: 'n',
        name: 'd',
        subresource: 'scale',
      },
    ],
    [
      'GET',
      '/api/v1/namespaces/n',
      { verb: 'get', group: '', resource: 'namespaces', namespace: 'n', name: 'n' },
    ],
    [
      'PUT',
      '/api/v1/namespaces/n/finalize',
      {
        verb: 'update',
        group: '',
        resource: 'namespaces',
        namespace: 'n',
        name: 'n',
        subresource: 'finalize',
      },
    ],
    ['DELETE', '/api/v1/nodes', { verb: 'deletecollection', group: '', resource: 'nodes' }],
    [
      'GET',
      '/api/v1/namespaces/n/pods?fieldSelector=metadata.name%3Dp',
      {
        verb: 'list',
        group: '',
        resource: 'pods',
        namespace: 'n',
        name: 'p',
        fieldSelector: [{ field: 'metadata.name', operator: '=', value: 'p' }],
      },
    ],
    [
      'DELETE',
      '/api/v1/namespaces/n/pods?fieldSelector=spec.nodeName!%3Da,status.phase%3D%3DFailed',
      {
        verb: 'deletecollection',
        group: '',
        resource: 'pods',
        namespace: 'n',
        fieldSelector: [
          { field: 'spec.nodeName', operator: '!=', value: 'a' },
          { field: 'status.phase', operator: '=', value: 'Failed' },
        ],
      },
    ],
    [
      'GET',
      '/api/v1/namespaces/n/pods?fieldSelector=nonsense',
      { verb: 'list', group: '', resource: 'pods', namespace: 'n' },
    ],
  ]
  for (const [method, url, wanted] of cases) assert.deepEqual(read(method, url), wanted, url)
})

test('readRequest takes what is no resource as a path', () => {
  for (const path of [
    '/',
    '/healthz',
    '/api',
    '/api/v1',
    '/apis/apps',
    '/apis/apps/v1',
    '/nothing',
  ])
    assert.deepEqual(read('GET', path), { verb: 'get', path })
})

test('readRequest lets no escaped slash into a name', () => {
  const path = '/api/v1/namespaces/a%2Fb/pods/c'
  assert.deepEqual(read('GET', path), { verb: 'get', path })
})
