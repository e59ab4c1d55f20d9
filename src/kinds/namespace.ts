import type { Namespace } from './k8s/core.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { checkQualifiedName } from './names.ts'
import { prepareStatus } from './prepare.ts'
import { namespaces } from './refs.ts'
import { invalidEach } from './validate/field-error.ts'

export type { Namespace } from './k8s/core.ts'

/** Every namespace carries its name as a label, so that selectors can name namespaces. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'
/** Holds a namespace until its content is gone; only the `finalize` subresource takes it away. */
export const NAMESPACE_FINALIZER = 'kubernetes'

const statusRules = prepareStatus<Namespace>({ initial: () => ({ phase: 'Active' }) })

export const namespaceKind = defineKind<Namespace>({
  ref: namespaces,
  schema: 'io.k8s.api.core.v1.Namespace',
  shortNames: ['ns'],
  subresources: ['status', 'finalize'],
  nameRule: 'dns-label',
  defaults(namespace) {
    namespace.spec ??= {}
    const { name } = namespace.metadata
    // A name still to be generated gets its label by the defaulting after that.
    if (name) (namespace.metadata.labels ??= {})[NAMESPACE_NAME_LABEL] = name
  },
  prepare(namespace, old, subresource) {
    if (subresource === 'finalize' && old !== undefined) {
      const finalizers = namespace.spec.finalizers ?? []
      Object.assign(namespace, structuredClone(old))
      namespace.spec.finalizers = [...finalizers]
      return
    }
    statusRules(namespace, old, subresource)
    if (old === undefined) {
      const finalizers = namespace.spec.finalizers ?? []
      namespace.spec.finalizers = [...new Set([...finalizers, NAMESPACE_FINALIZER])]
    } else if (subresource === undefined) namespace.spec = structuredClone(old.spec)
  },
  validate: (namespace): FieldError[] =>
    (namespace.spec.finalizers ?? []).flatMap((finalizer) =>
      invalidEach('spec.finalizers', finalizer, checkQualifiedName(finalizer)),
    ),
  columns: [
    nameColumn,
    column('Status', 'Whether the namespace is in use or going away.', (namespace) =>
      String(namespace.status?.phase ?? ''),
    ),
    ageColumn,
  ],
  fields: {
    name: (namespace) => namespace.metadata.name,
    'status.phase': (namespace) => namespace.status?.phase ?? '',
  },
})
