import type { Pod, PodCondition } from './k8s/core.ts'
import type { Column } from './definition.ts'
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { defaultPod } from './defaults/pod-spec.ts'
import { isConditionTrue } from './meta.ts'
import { qosClassOf } from './pod-resources.ts'
import { summarizePod } from './pod-status.ts'
import { onlyEphemeral, onlyResources } from './pod-parts.ts'
import { keepField, prepareStatus } from './prepare.ts'
import { pods } from './refs.ts'
import { writeOutLabelKeys } from './scheduling-terms.ts'
import { validateEphemeralUpdate } from './validate/ephemeral-update.ts'
import { validateResize } from './validate/pod-resize.ts'
import { validateNewPod } from './validate/pod-spec.ts'
import { validatePodUpdate } from './validate/pod-update.ts'
import { podNameWarnings } from './warnings/pod-name.ts'
import { podWarnings } from './warnings/pod-spec.ts'

export type { Pod } from './k8s/core.ts'

/** Of a new pod that nobody may schedule yet. */
const GATED: PodCondition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
}

const statusRules = prepareStatus<Pod>({
  initial: (pod) => ({
    phase: 'Pending',
    ...(pod.spec.schedulingGates?.length ? { conditions: [GATED] } : {}),
  }),
})

const orNone = (value: string | undefined): string => value || '<none>'

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const open = gates.filter(({ conditionType }) =>
    isConditionTrue(status?.conditions, conditionType),
  )
  return `${open.length}/${gates.length}`
}

const columns: readonly Column<Pod>[] = [
  nameColumn,
  column(
    'Ready',
    'How many containers are ready of all.',
    (pod, now) => summarizePod(pod, now).ready,
  ),
  column(
    'Status',
    'State of the containers in a word.',
    (pod, now) => summarizePod(pod, now).status,
  ),
  column(
    'Restarts',
    'How often containers were restarted, and when last.',
    (pod, now) => summarizePod(pod, now).restarts,
  ),
  ageColumn,
  wideColumn('IP', 'Address of the pod.', ({ status }) => orNone(status?.podIP)),
  wideColumn('Node', 'Node the pod runs on.', ({ spec }) => orNone(spec.nodeName)),
  wideColumn('Nominated Node', 'Node on which others make room for the pod.', ({ status }) =>
    orNone(status?.nominatedNodeName),
  ),
  wideColumn(
    'Readiness Gates',
    'Conditions that must hold beside ready containers.',
    readinessGates,
  ),
]

export const podKind = defineKind<Pod>({
  ref: pods,
  schema: 'io.k8s.api.core.v1.Pod',
  shortNames: ['po'],
  categories: ['all'],
  subresources: [
    'proxy',
    'status',
    'log',
    'exec',
    'attach',
    'portforward',
    'binding',
    'eviction',
    'ephemeralcontainers',
    'resize',
  ],
  hasGeneration: true,
  defaults(pod) {
    defaultPod(pod)
    for (const condition of pod.status?.conditions ?? []) condition.lastProbeTime ??= null
  },
  // People seldom change pods by hand: nobody is told twice.
  warnings: (pod, old) =>
    old === undefined ? [...podNameWarnings(pod, "the Pod's hostname"), ...podWarnings(pod)] : [],
  validate(pod, old, subresource) {
    if (old === undefined) return validateNewPod(pod.spec)
    if (subresource === 'ephemeralcontainers') return validateEphemeralUpdate(pod, old)
    if (subresource === 'resize') return validateResize(pod, old)
    return validatePodUpdate(pod.spec, old.spec)
  },
  prepare(pod, old, subresource) {
    statusRules(pod, old, subresource)
    if (old === undefined) writeOutLabelKeys(pod)
    else if (subresource === 'ephemeralcontainers') onlyEphemeral(pod, old)
    else if (subresource === 'resize') onlyResources(pod, old)
    if (subresource !== 'status' || old === undefined) return
    // The node reports what happens to a pod; whose it is and its class are not its to say.
    keepField(pod.metadata, old.metadata, 'ownerReferences')
    pod.status ??= {}
    pod.status.qosClass = old.status?.qosClass
  },
  derive(pod) {
    pod.status = { ...pod.status, qosClass: qosClassOf(pod) }
  },
  columns,
  fields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? '',
    'status.podIPs': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
})
