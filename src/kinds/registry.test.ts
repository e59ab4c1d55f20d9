import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { apiVersionOf } from './meta.ts'
import { builtinKinds } from './registry.ts'

const schemas = JSON.parse(
  readFileSync(new URL('k8s/schemas.json', import.meta.url), 'utf8'),
) as Record<string, { 'x-kubernetes-group-version-kind'?: { kind: string }[] }>

test('builtinKinds names a schema of the right kind for each form', () => {
  for (const { ref, schema, alsoServedAs = [] } of builtinKinds)
    for (const form of [{ ref, schema }, ...alsoServedAs]) {
      const kinds = schemas[form.schema]?.['x-kubernetes-group-version-kind'] ?? []
      assert.ok(
        kinds.some(({ kind }) => kind === ref.kind),
        form.schema,
      )
    }
})

test('builtinKinds holds each kind and each short name once', () => {
  const kinds = builtinKinds.map(({ ref }) => `${apiVersionOf(ref)} ${ref.kind}`)
  assert.equal(new Set(kinds).size, kinds.length)
  const names = builtinKinds.flatMap(({ shortNames, singular }) => [...shortNames, singular])
  assert.equal(new Set(names).size, names.length)
})

test('a kind with a status subresource prepares writes', () => {
  for (const kind of builtinKinds)
    if (kind.subresources.includes('status')) assert.ok(kind.prepare !== undefined, kind.ref.kind)
})

test('defaults and validation of every kind take an object with nothing in it', () => {
  for (const kind of builtinKinds) {
    const { ref } = kind
    const metadata = { name: 'a', ...(ref.namespaced ? { namespace: 'n' } : {}) }
    const object = { apiVersion: apiVersionOf(ref), kind: ref.kind, metadata }
    kind.defaults(object)
    for (const { field } of kind.validate(object, undefined)) assert.notEqual(field, '')
    assert.ok(kind.columns.length > 0)
  }
})
