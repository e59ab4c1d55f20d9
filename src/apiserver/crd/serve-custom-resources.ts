// Keeps what is served in step with the CustomResourceDefinitions that are stored, and clears up
// after one that goes.
import { WorkQueue } from '#base/work-queue.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { ClusterContext } from '../context.ts'
import { createObjectReader } from '../objects/object-reader.ts'
import type { ServedResource } from '../resources.ts'
import { prefixFor } from '../resources.ts'
import { clearUp } from './clear-up.ts'
import { webhookConversion } from './conversion/webhook-conversion.ts'
import { CRD_GROUP, CRD_PLURAL } from './crd-names.ts'
import { customResources } from './custom-resource.ts'
import { establish } from './establish.ts'

export function serveCustomResources(context: ClusterContext): { close(): Promise<void> } {
  const { objects, resources, clock, random } = context
  const prefix = prefixFor(CRD_GROUP, CRD_PLURAL)
  const find = (key: string) => objects.get(key)?.object as CustomResourceDefinition | undefined
  const judging = { reader: createObjectReader(objects), resources, clock }
  const queue = new WorkQueue({
    name: `custom resources of ${context.name}`,
    clock,
    random,
    log: context.log,
    reconcile: async (key) => {
      const definition = find(key)
      if (definition === undefined) return
      if (definition.metadata.deletionTimestamp !== undefined) return clearUp(context, definition)
      await establish(context, definition, judging)
    },
  })
  const served = new Map<string, CustomResourceDefinition>()
  const follow = (key: string, definition: CustomResourceDefinition | undefined) => {
    const group = (definition ?? served.get(key))?.spec.group
    if (definition === undefined) served.delete(key)
    else served.set(key, definition)
    // Names that one gives up are free for others of its group.
    for (const [other, { spec }] of served) if (spec.group === group) queue.add(other)
  }
  const made = new WeakMap<CustomResourceDefinition, ServedResource[]>()
  const resourcesOf = (definition: CustomResourceDefinition) => {
    const known =
      made.get(definition) ?? customResources(definition, webhookConversion(context, definition))
    made.set(definition, known)
    return known
  }
  const publish = () => {
    const definitions = [...served.values()].filter(isEstablished)
    resources.setCustom(definitions.flatMap(resourcesOf))
  }
  for (const { key, object } of objects.list(prefix))
    follow(key, object as CustomResourceDefinition)
  publish()
  const watch = objects.store.watch(prefix, objects.revision, {
    events(events) {
      for (const { key, type, value } of events)
        follow(
          key,
          type === 'put' ? (objects.decode(value) as CustomResourceDefinition) : undefined,
        )
      publish()
    },
  })
  queue.start()
  return {
    async close() {
      watch.close()
      await queue.stop()
    },
  }
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return (
    status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false
  )
}
