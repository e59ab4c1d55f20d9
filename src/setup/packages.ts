// The system packages ccs stands on: what is missing, and how to install it.
import { existsSync, readFileSync } from 'node:fs'

export interface SystemPackage {
  /** Name in Debian and Ubuntu. */
  name: string
  /** A file that is there when the package is; any of them will do. */
  files: string[]
  why: string
}

const bin = (name: string) => [
  `/usr/bin/${name}`,
  `/usr/sbin/${name}`,
  `/bin/${name}`,
  `/sbin/${name}`,
  `/usr/local/bin/${name}`,
  `/usr/local/sbin/${name}`,
]

export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  { name: 'containerd', files: bin('containerd'), why: 'runs containers in each machine' },
  { name: 'runc', files: bin('runc'), why: 'starts a container' },
  {
    name: 'containernetworking-plugins',
    files: ['/usr/lib/cni/ptp', '/opt/cni/bin/ptp'],
    why: 'gives a pod its network',
  },
  { name: 'catatonit', files: bin('catatonit'), why: 'holds a pod together' },
  { name: 'nftables', files: bin('nft'), why: 'service addresses and isolation' },
  { name: 'iproute2', files: bin('ip'), why: 'network namespaces and links' },
  { name: 'conntrack', files: bin('conntrack'), why: 'forgets connections of gone endpoints' },
  { name: 'util-linux', files: bin('nsenter'), why: 'enters network namespaces' },
  { name: 'kmod', files: bin('modprobe'), why: 'loads kernel modules' },
  { name: 'busybox-static', files: bin('busybox'), why: 'the example image' },
  { name: 'buildah', files: bin('buildah'), why: 'builds images' },
]

/** What the tests need beside the product's packages. */
export const TEST_PACKAGES: readonly SystemPackage[] = [
  { name: 'skopeo', files: bin('skopeo'), why: 'a client of the registry' },
  { name: 'wrk', files: bin('wrk'), why: 'load on a service' },
]

export function missingPackages(
  packages: readonly SystemPackage[],
  exists: (file: string) => boolean = existsSync,
): SystemPackage[] {
  return packages.filter((wanted) => !wanted.files.some((file) => exists(file)))
}

/** The command that installs packages here, or undefined where we do not know the distribution. */
export function installCommand(
  packages: readonly SystemPackage[],
  osRelease: string,
): string[] | undefined {
  const isDebian = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease)
  if (!isDebian) return undefined
  return [
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
    ...packages.map((wanted) => wanted.name),
  ]
}

export function readOsRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
}
