// Protobuf writes Go's zero values, where JSON leaves out those of fields that are no pointers. The
// message does not tell which is which: of pointers these are the ones whose zero says something.

const FIELDS = new Set([
  'activeDeadlineSeconds',
  'allocateLoadBalancerNodePorts',
  'allowPrivilegeEscalation',
  'automountServiceAccountToken',
  'backoffLimit',
  'blockOwnerDeletion',
  'completions',
  'controller',
  'defaultMode',
  'enableServiceLinks',
  'fsGroup',
  'gracePeriodSeconds',
  'hostUsers',
  'maxSurge',
  'maxUnavailable',
  'minAvailable',
  'mode',
  'optional',
  'orphanDependents',
  'parallelism',
  'privileged',
  'readOnlyRootFilesystem',
  'replicas',
  'revisionHistoryLimit',
  'runAsGroup',
  'runAsNonRoot',
  'runAsUser',
  'suspend',
  'terminationGracePeriodSeconds',
  'tolerationSeconds',
  'ttlSecondsAfterFinished',
])

export const isMeaningfulZero = (field: string, value: unknown): boolean =>
  value !== '' && FIELDS.has(field)
