import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectOfHost, type UpstreamSpec } from './upstream.ts'
import { upstreamSchema } from './upstream-schema.ts'
import { validateUpstream } from './validate-upstream.ts'

const spec = upstreamSchema.properties!['spec']!.properties!

test('an upstream is named by a host that no path of an image can be', () => {
  const pattern = new RegExp(spec['host']!.pattern!)
  for (const good of ['docker.io', 'localhost:5000', 'registry.example.com:5000', '10.0.0.1:80'])
    assert.match(good, pattern)
  for (const bad of ['docker', 'Docker.io', 'docker.io/x', 'user@docker.io', '[::1]:5000', 'a..b'])
    assert.doesNotMatch(bad, pattern)
})

test('an endpoint is https, or on loopback, and nothing but a host', () => {
  const pattern = new RegExp((spec['endpoints']!.items as { pattern: string }).pattern)
  const good = ['https://registry-1.docker.io', 'https://10.0.0.1:5000', 'http://127.0.0.1:5000']
  for (const url of [...good, 'http://localhost', 'http://[::1]:5000']) assert.match(url, pattern)
  const bad = [
    'http://registry-1.docker.io',
    'https://a.b/path',
    'ftp://localhost',
    'https://u@a.b',
  ]
  for (const url of [...bad, 'http://127.0.0.1.evil.com', 'https://a.b?x'])
    assert.doesNotMatch(url, pattern)
})

test('the project of a host is the first part of a repository', () => {
  assert.equal(projectOfHost('docker.io'), 'docker.io')
  assert.equal(projectOfHost('localhost:5000'), 'localhost_5000')
})

test('validateUpstream names each pattern that is none', () => {
  const fieldsOf = (spec: Partial<UpstreamSpec>) =>
    validateUpstream({
      apiVersion: 'ccs.dev/v1alpha1',
      kind: 'Upstream',
      metadata: { name: 'u' },
      spec: { host: 'docker.io', ...spec },
    }).map(({ field }) => field)
  assert.deepEqual(fieldsOf({ allow: ['library/*'], deny: ['**/secret'] }), [])
  assert.deepEqual(fieldsOf({ allow: ['a', 'b{'], deny: ['^x$'] }), [
    'spec.allow[1]',
    'spec.deny[0]',
  ])
  const tagRules = [{ repositories: '**', tags: 'v{1', maxAgeSeconds: 1 }]
  assert.deepEqual(fieldsOf({ tagRules }), ['spec.tagRules[0].tags'])
})
