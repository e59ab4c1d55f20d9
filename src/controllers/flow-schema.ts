// Tells of each flow schema whether the priority level that it names is there.
import { rfc3339 } from '#base/clock.ts'
import type { FlowSchema, FlowSchemaCondition } from '#kinds/k8s/flowcontrol.ts'
import { flowSchemas, priorityLevelConfigurations } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { writeStatus } from './write-status.ts'

const DANGLING = 'Dangling'

export function createFlowSchemaController(context: ControllerContext): Controller {
  const { client, informers, clock } = context
  const schemas = informers.informer(flowSchemas)
  const levels = informers.informer(priorityLevelConfigurations)
  const controller = keyedController(context, {
    name: 'flow-schema',
    needs: [schemas, levels],
    reconcile,
  })
  const changed = ({ metadata }: FlowSchema) => controller.add(metadata.name)
  schemas.on({ added: changed, updated: changed })
  const levelChanged = () => {
    for (const schema of schemas.list()) changed(schema)
  }
  levels.on({ added: levelChanged, deleted: levelChanged })
  return controller

  async function reconcile(name: string): Promise<void> {
    const schema = schemas.get(name)
    if (schema === undefined) return
    const isThere = levels.get(schema.spec.priorityLevelConfiguration.name) !== undefined
    const conditions = withDangling(schema, isThere, clock.now())
    await writeStatus(client.resource(flowSchemas), schema, { ...schema.status, conditions })
  }
}

/** Others' conditions stay; the time is that of the last change. */
function withDangling(
  { spec, status }: FlowSchema,
  isThere: boolean,
  nowMs: number,
): FlowSchemaCondition[] {
  const all = status?.conditions ?? []
  const before = all.find(({ type }) => type === DANGLING)
  const value = isThere ? 'False' : 'True'
  const level = JSON.stringify(spec.priorityLevelConfiguration.name)
  const end = isThere ? 'and it exists' : 'but there is no such object'
  const condition: FlowSchemaCondition = {
    type: DANGLING,
    status: value,
    lastTransitionTime:
      before?.status === value && before.lastTransitionTime
        ? before.lastTransitionTime
        : rfc3339(nowMs),
    reason: isThere ? 'Found' : 'NotFound',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} ${end}`,
  }
  return [...all.filter(({ type }) => type !== DANGLING), condition]
}
