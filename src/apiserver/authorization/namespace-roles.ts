// Roles inside the system's own namespaces, with who has them from the start (Kubernetes 1.36).
import type { PolicyRule, Subject } from '#kinds/k8s/rbac.ts'
import { EVENTS, READ, rule } from './default-rule.ts'
import { account, user } from './system-roles.ts'

export interface NamespaceRole {
  namespace: 'kube-system' | 'kube-public'
  name: string
  rules: readonly PolicyRule[]
  /** The binding has the role's name, but for one. */
  binding?: string
  subjects: readonly Subject[]
}

const MANAGER = user('system:kube-controller-manager')
const SCHEDULER = user('system:kube-scheduler')

const locking = (component: string): readonly PolicyRule[] => [
  rule('watch', 'core', 'configmaps'),
  rule('get update', 'core', 'configmaps', component),
]

export const NAMESPACE_ROLES: readonly NamespaceRole[] = [
  {
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    rules: [rule(READ, 'core', 'configmaps', 'extension-apiserver-authentication')],
    binding: 'system::extension-apiserver-authentication-reader',
    subjects: [MANAGER, SCHEDULER],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-controller-manager',
    rules: locking('kube-controller-manager'),
    subjects: [MANAGER, account('kube-controller-manager')],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-scheduler',
    rules: locking('kube-scheduler'),
    subjects: [SCHEDULER, account('kube-scheduler')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:bootstrap-signer',
    rules: [rule(READ, 'core', 'secrets')],
    subjects: [account('bootstrap-signer')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:cloud-provider',
    rules: [rule(`create ${READ}`, 'core', 'configmaps')],
    subjects: [account('cloud-provider')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:token-cleaner',
    rules: [rule(`delete ${READ}`, 'core', 'secrets'), EVENTS],
    subjects: [account('token-cleaner')],
  },
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    rules: [
      rule(READ, 'core', 'configmaps'),
      rule('update', 'core', 'configmaps', 'cluster-info'),
      EVENTS,
    ],
    subjects: [account('bootstrap-signer')],
  },
]
