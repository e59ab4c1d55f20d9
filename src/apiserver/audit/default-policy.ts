// What is logged where the operator says nothing else: every change and who made it, without what was in it.
import type { AuditPolicy } from '#kinds/k8s/audit.ts'

const READS = ['get', 'list', 'watch']

/** Where clusters' own parts have their accounts. */
const SYSTEM_ACCOUNTS = 'system:serviceaccounts:kube-system'

const CONNECTIONS = ['*/exec', '*/attach', '*/portforward', '*/proxy']

export const defaultPolicy: AuditPolicy = {
  // An event when a request is over says all that one at its begin would, and is half as much.
  omitStages: ['RequestReceived'],
  omitManagedFields: true,
  rules: [
    // Asked every few seconds by whoever watches over the server.
    {
      level: 'None',
      nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/metrics'],
      verbs: ['get'],
    },
    // What a client reads to know the server.
    {
      level: 'None',
      nonResourceURLs: ['/', '/api', '/api/*', '/apis', '/apis/*', '/openapi/*', '/swagger*'],
      verbs: ['get'],
    },
    // Written all the time, and never by people.
    {
      level: 'None',
      resources: [
        { resources: ['events'] },
        { group: 'events.k8s.io', resources: ['events'] },
        { group: 'coordination.k8s.io', resources: ['leases'] },
      ],
    },
    // Who reads a credential is always told, and who reaches into something: that may begin with GET.
    { level: 'Metadata', resources: [{ resources: ['secrets', ...CONNECTIONS] }] },
    // The parts of a cluster look at it without an end. So does ccs itself, as one of those who may read everything:
    // of them no more is learnt by what they read.
    {
      level: 'None',
      userGroups: ['system:nodes', 'system:masters', SYSTEM_ACCOUNTS],
      verbs: READS,
    },
    {
      level: 'None',
      users: ['system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy'],
      verbs: READS,
    },
    { level: 'None', userGroups: ['system:nodes'], resources: [{ resources: ['nodes/status'] }] },
    { level: 'Metadata' },
  ],
}
