// What the kernel must be able to do, and must let us do.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { cgroupHierarchies } from '#linux/cgroup-hierarchies.ts'
import { listMounts } from '#linux/mounts.ts'
import { run } from '#linux/run.ts'
import { type Check, fail, type Finding, ok } from './check.ts'

const COMMAND_TIMEOUT_MS = 10_000

async function complaintOf(argv: string[], input = ''): Promise<string | undefined> {
  try {
    await run(argv, { timeoutMs: COMMAND_TIMEOUT_MS, input })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const knowsOverlay = () => /\boverlay\b/.test(readFileSync('/proc/filesystems', 'utf8'))

async function lookAtOverlay(): Promise<Finding[]> {
  if (knowsOverlay()) return []
  const why = await complaintOf(['modprobe', 'overlay'])
  if (knowsOverlay()) return []
  return [
    fail(
      `the kernel has no overlay file system${why === undefined ? '' : ` (${why})`}`,
      'modprobe overlay, or boot a kernel with CONFIG_OVERLAY_FS',
    ),
  ]
}

/** All that our rulesets use, in a transaction that the kernel checks and does not keep. */
const NFT_PROBE = `table inet ccs-doctor {
  map backends { type ipv4_addr . inet_proto . inet_service : verdict; }
  chain forward { type filter hook forward priority filter; ct status dnat accept; }
  chain nat { type nat hook postrouting priority srcnat; ip saddr 10.64.0.0/16 masquerade; }
}
`

async function lookAtNftables(): Promise<Finding[]> {
  const why = await complaintOf(['nft', '--check', '-f', '-'], NFT_PROBE)
  if (why === undefined) return []
  return [
    fail(
      `the kernel refuses rules of nftables: ${why}`,
      'modprobe nf_tables nft_chain_nat nft_ct nft_masq, or boot a kernel with CONFIG_NF_TABLES and CONFIG_NFT_NAT',
    ),
  ]
}

/** Numbers of capabilities(7). */
const NEEDED_CAPABILITIES: readonly [name: string, bit: bigint][] = [
  ['CAP_NET_ADMIN', 12n],
  ['CAP_SYS_ADMIN', 21n],
]
const effectiveOf = (status: string) =>
  BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)

export function judgeCapabilities(status: string): Finding[] {
  const effective = effectiveOf(status)
  const has = (bit: bigint) => ((effective >> bit) & 1n) === 1n
  const missing = NEEDED_CAPABILITIES.filter(([, bit]) => !has(bit)).map(([name]) => name)
  if (missing.length > 0)
    return [
      fail(
        `${missing.join(' and ')} is missing: namespaces and links cannot be made`,
        'run ccs as root of the computer; in a container, start that with --privileged',
      ),
    ]
  return []
}

/** Without it the agent cannot set how readily the kernel kills a container, as docs of Kubernetes' QoS classes promise. */
const CAP_SYS_RESOURCE = 24n

export const mayProtectFromOom = (status: string): boolean =>
  ((effectiveOf(status) >> CAP_SYS_RESOURCE) & 1n) === 1n

const NEEDED_CONTROLLERS = ['cpu', 'memory', 'pids']

/** `v2Controllers` is the content of cgroup.controllers at the root of a v2 hierarchy. */
export function judgeCgroups(
  hierarchies: { version: 1 | 2; all: readonly { controllers: readonly string[] }[] } | undefined,
  v2Controllers: string,
): Finding[] {
  if (hierarchies === undefined)
    return [fail('no cgroup file system is mounted', 'mount -t cgroup2 none /sys/fs/cgroup')]
  const has =
    hierarchies.version === 2
      ? v2Controllers.split(/\s+/)
      : hierarchies.all.flatMap(({ controllers }) => controllers)
  const missing = NEEDED_CONTROLLERS.filter((name) => !has.includes(name))
  if (missing.length === 0) return []
  return [
    fail(
      `cgroups v${hierarchies.version} without ${missing.join(', ')}: machines cannot be limited`,
      `boot with cgroup_enable=${missing.join(',')} on the kernel's command line`,
    ),
  ]
}

function lookAtCgroups(): { version: string; findings: Finding[] } {
  const mounts = listMounts()
  const isMounted = mounts.some(({ type }) => type === 'cgroup' || type === 'cgroup2')
  const hierarchies = isMounted ? cgroupHierarchies(mounts) : undefined
  const root = hierarchies?.all[0]?.root
  const file = `${root}/cgroup.controllers`
  const v2 = root !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
  return {
    version: `cgroups v${hierarchies?.version ?? '?'}`,
    findings: judgeCgroups(hierarchies, v2),
  }
}

function lookAtSysctls(): Finding[] {
  try {
    accessSync('/proc/sys/net/ipv4/ip_forward', constants.W_OK)
    return []
  } catch (error) {
    return [
      fail(
        `/proc/sys cannot be written (${(error as NodeJS.ErrnoException).code}): packets are not forwarded`,
        'in a container, start that with --privileged',
      ),
    ]
  }
}

export const kernelCheck: Check<unknown> = {
  name: 'kernel',
  async look() {
    const cgroups = lookAtCgroups()
    const status = readFileSync('/proc/self/status', 'utf8')
    const findings = [
      ...judgeCapabilities(status),
      ...(existsSync('/proc/self/ns/net')
        ? []
        : [fail('the kernel has no network namespaces', 'boot a kernel with CONFIG_NET_NS')]),
      ...(await lookAtOverlay()),
      ...(await lookAtNftables()),
      ...cgroups.findings,
      ...lookAtSysctls(),
    ]
    return findings.length > 0
      ? findings
      : [
          ok(
            `Linux ${release()}, ${cgroups.version}, overlay, nftables, namespaces` +
              (mayProtectFromOom(status)
                ? ''
                : '; without CAP_SYS_RESOURCE, so OOM classes are not set'),
          ),
        ]
  },
}
