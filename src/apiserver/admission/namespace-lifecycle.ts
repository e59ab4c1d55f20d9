// Nothing is made in a namespace that is not there or is going away; some namespaces never go.
import { notFound } from '#base/errors.ts'
import { forbidden } from '../api-errors.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public'])
const isNamespaces = ({ group, resource }: AdmissionRequest) =>
  group === '' && resource === 'namespaces'

export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    admit(request) {
      const { operation, namespace, name, group, resource } = request
      if (isNamespaces(request)) {
        if (operation === 'DELETE' && IMMORTAL.has(name))
          throw forbidden({ group, resource }, name, 'this namespace may not be deleted')
        return
      }
      if (operation !== 'CREATE' || namespace === undefined) return
      const found = reader.get('', 'namespaces', undefined, namespace)
      if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace)
      if (found.metadata.deletionTimestamp === undefined) return
      throw forbidden(
        { group, resource },
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      )
    },
  }
}
