// Which cgroup hierarchies this computer has. Pure: it reads what mountinfo says.
import type { Mount } from './mounts.ts'

export interface CgroupHierarchy {
  /** Where it is mounted, such as /sys/fs/cgroup/memory. */
  root: string
  /** Controllers of a v1 hierarchy; a named one (systemd's) and the unified one have none. */
  controllers: string[]
}

export interface CgroupHierarchies {
  /** 1 when limits are set in v1 hierarchies, even where an idle unified one stands beside them. */
  version: 1 | 2
  all: CgroupHierarchy[]
}

const V1_CONTROLLERS = new Set([
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'devices',
  'freezer',
  'blkio',
  'pids',
  'hugetlb',
  'net_cls',
  'net_prio',
  'perf_event',
  'rdma',
  'misc',
])

/** Sorts the cgroup mounts; each hierarchy counts once, however often it is mounted. */
export function cgroupHierarchies(mounts: readonly Mount[]): CgroupHierarchies {
  const v1 = new Map<string, CgroupHierarchy>()
  let unified: CgroupHierarchy | undefined
  for (const { type, target, superOptions } of mounts) {
    if (type === 'cgroup2') unified ??= { root: target, controllers: [] }
    if (type !== 'cgroup') continue
    const controllers = superOptions.filter((option) => V1_CONTROLLERS.has(option))
    const name = superOptions.find((option) => option.startsWith('name='))
    const key = name ?? controllers.join()
    if (key !== '' && !v1.has(key)) v1.set(key, { root: target, controllers })
  }
  const beside = unified === undefined ? [] : [unified]
  const limiting = [...v1.values()].some(({ controllers }) => controllers.includes('memory'))
  if (limiting) return { version: 1, all: [...v1.values(), ...beside] }
  if (unified !== undefined) return { version: 2, all: [unified, ...v1.values()] }
  throw new Error('no cgroup file system is mounted; mount -t cgroup2 none /sys/fs/cgroup')
}
