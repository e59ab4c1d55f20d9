// One plugin with a request of its own, for unit tests.
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

/** Reads these objects; each is found under the group and plural it is given with. */
export function readerOf(...objects: [kind: KindRef, object: KubeObject][]): ObjectReader {
  const of = (group: string, plural: string) =>
    objects.flatMap(([kind, object]) =>
      kind.group === group && kind.plural === plural ? [object] : [],
    )
  return {
    list: (group, plural, namespace) =>
      of(group, plural).filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    get: (group, plural, namespace, name) =>
      of(group, plural).find(
        ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
      ),
  }
}

/** Asks the plugin as a write of the object would; a create unless something says otherwise. */
export async function askPlugin<T extends KubeObject>(
  plugin: AdmissionPlugin,
  kind: KindRef,
  object: T | undefined,
  over: Partial<AdmissionRequest> = {},
): Promise<T | undefined> {
  const draft = structuredClone(object)
  const request: AdmissionRequest = {
    operation: over.old === undefined ? 'CREATE' : object === undefined ? 'DELETE' : 'UPDATE',
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    resource: kind.plural,
    subresource: undefined,
    namespace: (object ?? over.old)?.metadata.namespace,
    name: (object ?? over.old)?.metadata.name ?? '',
    object: draft,
    old: undefined,
    user: { username: 'ann', groups: [] },
    dryRun: false,
    onAbandoned: () => undefined,
    joinCommit: () => undefined,
    ...over,
  }
  await plugin.admit?.(request)
  await plugin.validate?.(request)
  return draft
}
