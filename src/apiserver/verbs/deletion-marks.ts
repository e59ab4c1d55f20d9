// Kinds that stay for a while after their delete because something of theirs must go first.
import { rfc3339 } from '#base/clock.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { Draft } from '../context.ts'
import { CLEAN_UP_FINALIZER, CRD_GROUP, CRD_PLURAL } from '../crd/crd-names.ts'
import type { ServedResource } from '../resources.ts'

type Mark = (draft: Draft, now: number) => void

const MARKS: Readonly<Record<string, Mark>> = {
  '/namespaces': (draft) => {
    const namespace = draft as unknown as Namespace
    namespace.status = { ...namespace.status, phase: 'Terminating' }
  },
  [`${CRD_GROUP}/${CRD_PLURAL}`]: (draft, now) => {
    const definition = draft as unknown as CustomResourceDefinition
    const { metadata } = definition
    const finalizers = metadata.finalizers ?? []
    if (!finalizers.includes(CLEAN_UP_FINALIZER))
      metadata.finalizers = [...finalizers, CLEAN_UP_FINALIZER]
    const terminating = {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message:
        'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      lastTransitionTime: rfc3339(now),
    }
    const others = (definition.status?.conditions ?? []).filter(
      ({ type }) => type !== 'Terminating',
    )
    definition.status = { ...definition.status, conditions: [...others, terminating] }
  },
}

/** What a delete of this kind writes beside the time; undefined for most kinds. */
export const deletionMark = ({ group, plural }: ServedResource): Mark | undefined =>
  MARKS[`${group}/${plural}`]
