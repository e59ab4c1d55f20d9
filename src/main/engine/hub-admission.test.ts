import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AdmissionRequest } from '#apiserver/admission/plugin.ts'
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import { hubAdmission } from './hub-admission.ts'

const service = (image: string, annotations?: Record<string, string>): ContainerService => ({
  apiVersion: 'ccs.dev/v1alpha1',
  kind: 'ContainerService',
  metadata: { name: 'web', namespace: 'shop', ...(annotations && { annotations }) },
  spec: { cluster: 'local', image },
})

const request = (over: Partial<AdmissionRequest>): AdmissionRequest => ({
  operation: 'UPDATE',
  group: 'ccs.dev',
  version: 'v1alpha1',
  kind: 'ContainerService',
  resource: 'containerservices',
  subresource: undefined,
  namespace: 'shop',
  name: 'web',
  object: undefined,
  old: undefined,
  user: { username: 'ann', groups: [] },
  dryRun: false,
  onAbandoned: () => undefined,
  joinCommit: () => undefined,
  ...over,
})

const BY = 'ccs.dev/changed-by'

test('hubAdmission notes who changed the spec, and lets nobody say it was another', async () => {
  const changed = service('web:2', { [BY]: 'bob' })
  await hubAdmission.admit!(request({ object: changed, old: service('web:1', { [BY]: 'bob' }) }))
  assert.equal(changed.metadata.annotations?.[BY], 'ann')
  const relabelled = service('web:1', { [BY]: 'eve' })
  await hubAdmission.admit!(request({ object: relabelled, old: service('web:1', { [BY]: 'bob' }) }))
  assert.equal(relabelled.metadata.annotations?.[BY], 'bob')
  const untouched = service('web:1')
  await hubAdmission.admit!(request({ object: untouched, old: service('web:1') }))
  assert.equal(untouched.metadata.annotations, undefined)
})

test('hubAdmission refuses a wrong spec with all that is wrong, but no write beside it', () => {
  const wrong = service('Not An Image')
  wrong.spec.env = [{ name: 'A=B' }]
  assert.throws(() => void hubAdmission.validate!(request({ object: wrong })), {
    reason: 'Invalid',
    message:
      /^ContainerService\.ccs\.dev "web" is invalid: \[spec\.image: .* spec\.env\[0\]\.name: /,
  })
  const asBefore = structuredClone(wrong)
  void hubAdmission.validate!(request({ object: asBefore, old: wrong }))
  void hubAdmission.validate!(request({ object: wrong, subresource: 'status' }))
  void hubAdmission.validate!(request({ object: wrong, group: 'apps' }))
})

test('hubAdmission lets nobody rewrite a revision', () => {
  const spec = { service: 'web', revision: 3, image: 'a', resolvedImage: 'a', template: {} }
  const old = { ...service('a'), kind: 'ServiceRevision', spec }
  const object = { ...old, spec: { ...spec, image: 'b' } }
  const rewrite = { resource: 'servicerevisions', object, old }
  assert.throws(() => void hubAdmission.validate!(request(rewrite)), /never changes/)
})
