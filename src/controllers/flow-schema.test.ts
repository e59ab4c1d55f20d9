import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '#client/create-client.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#kinds/k8s/flowcontrol.ts'
import { flowSchemas, priorityLevelConfigurations } from '#kinds/refs.ts'
import { controllerBench } from './controller-bench.ts'
import { createFlowSchemaController } from './flow-schema.ts'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

const schema: FlowSchema = {
  apiVersion,
  kind: 'FlowSchema',
  metadata: { name: 's' },
  spec: { priorityLevelConfiguration: { name: 'level' } },
}
const level: PriorityLevelConfiguration = {
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: { name: 'level' },
  spec: { type: 'Limited' },
}

test('a flow schema dangles for as long as its priority level is not there', async () => {
  const { api, clock, settle, stop } = controllerBench(createFlowSchemaController)
  const condition = () => api.get(flowSchemas, { name: 's' })?.status?.conditions?.[0]
  api.put(flowSchemas, schema)
  await settle()
  assert.equal(condition()?.status, 'True')
  assert.equal(condition()?.reason, 'NotFound')
  api.put(priorityLevelConfigurations, level)
  await settle()
  assert.equal(condition()?.status, 'False')
  const since = condition()?.lastTransitionTime
  await clock.advance(60_000)
  await createClient(api.call)
    .resource(flowSchemas)
    .patch({ name: 's' }, { metadata: { labels: { a: 'b' } } })
  await settle()
  assert.equal(condition()?.lastTransitionTime, since)
  api.remove(priorityLevelConfigurations, { name: 'level' })
  await settle()
  assert.equal(condition()?.status, 'True')
  await stop()
})
