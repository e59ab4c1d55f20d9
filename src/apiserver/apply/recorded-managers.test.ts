// The managed fields of every kind that was created in the recordings are those that Kubernetes gave.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ManagedFieldsEntry } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { builtinResources } from '../builtin-resources.ts'
import { createResourceRegistry } from '../resources.ts'
import { trackUpdate } from './track-update.ts'

interface Step {
  label: string
  request: { method: string; body?: KubeObject }
  response: { status: number; body: KubeObject }
}

const RECORDING = new URL(
  '../../../test/data/kubernetes-1.36/recordings/02-defaults.json',
  import.meta.url,
)
const { steps } = JSON.parse(readFileSync(RECORDING, 'utf8')) as { steps: Step[] }
const resources = createResourceRegistry(builtinKinds.flatMap(builtinResources), [])

const created = steps.filter(
  ({ request, response }) => request.method === 'POST' && response.status === 201,
)

/** Fields without what comes after ownership was decided. */
const owned = (entries: readonly ManagedFieldsEntry[] | undefined) =>
  entries?.find(({ operation }) => operation === 'Update')?.fieldsV1

for (const { label, request, response } of created) {
  const { apiVersion, kind } = request.body!
  const resource = resources.all().find((one) => one.apiVersion === apiVersion && one.kind === kind)
  test(`managed fields of a new ${kind}: ${label}`, () => {
    assert.ok(resource, 'the kind is served')
    const next = structuredClone(request.body!)
    resource.definition.defaults(next)
    const step = { resources, resource, subresource: undefined, live: undefined, next }
    const writer = { manager: 'node', time: '2026-11-23T17:34:06Z' }
    assert.deepEqual(
      owned(trackUpdate(step, undefined, writer)),
      owned(response.body.metadata.managedFields),
    )
  })
}
