// Configuration of a machine's private containerd, as text. Pure.
import type { MachinePlaces } from './machine-places.ts'
import { PAUSE_IMAGE } from './pause-image.ts'

/** Where containerd serves exec, attach and port-forward, on the machine's address. */
export const STREAM_PORT = 10_010

export interface ContainerdConfigOptions {
  places: MachinePlaces
  address: string
  cniBinaries: string
  /** Without CAP_SYS_RESOURCE no process may be made less likely to be killed than we are. */
  maySetOomScores: boolean
}

/** Not used, and each costs start time or touches places outside the machine (opt makes /opt). */
const DISABLED_PLUGINS = [
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.restart',
  'io.containerd.internal.v1.tracing',
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
]

/** A TOML basic string is written as a JSON string. */
const text = (value: string): string => JSON.stringify(value)

export function renderContainerdConfig(options: ContainerdConfigOptions): string {
  const { places, address, cniBinaries, maySetOomScores } = options
  return `version = 2
root = ${text(places.root)}
state = ${text(places.state)}
disabled_plugins = ${JSON.stringify(DISABLED_PLUGINS)}

[debug]
  level = "warn"

[grpc]
  address = ${text(places.socket)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(PAUSE_IMAGE)}
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = ${!maySetOomScores}
  disable_tcp_service = true
  stream_server_address = ${text(address)}
  stream_server_port = "${STREAM_PORT}"
  enable_tls_streaming = true

[plugins."io.containerd.grpc.v1.cri".x509_key_pair_streaming]
  tls_cert_file = ${text(places.certificate)}
  tls_key_file = ${text(places.key)}

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = ${text(cniBinaries)}
  conf_dir = ${text(places.cniConfigs)}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
  Root = ${text(places.runc)}

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = ${text(places.registries)}
`
}

export interface PodNetworkOptions {
  podCIDR: string
  reservations: string
  mtu: number
}

/** Masquerade, hairpin and host ports are not the CNI plugin's: our nft rules do them in one place. */
export function renderPodNetwork({ podCIDR, reservations, mtu }: PodNetworkOptions): string {
  const ptp = {
    type: 'ptp',
    mtu,
    ipMasq: false,
    ipam: {
      type: 'host-local',
      dataDir: reservations,
      ranges: [[{ subnet: podCIDR }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  }
  return `${JSON.stringify({ cniVersion: '1.0.0', name: POD_NETWORK, plugins: [ptp] }, null, 2)}\n`
}

/** Name of the pod network; host-local keeps its reservations in a directory of this name. */
export const POD_NETWORK = 'pods'

/**
 * Sends every pull of one registry name to ours, which relays what is not its own. containerd 1.6 refuses a
 * file without a host, and asks `server` after the hosts: both are ours, so that nothing leads outside, and
 * both need the CA, or the second answer hides the first one's "not found".
 */
export function renderRegistryHosts(registryUrl: string, caFile: string): string {
  return `server = ${text(registryUrl)}
ca = ${text(caFile)}

[host.${text(registryUrl)}]
capabilities = ["pull", "resolve"]
ca = ${text(caFile)}
`
}

/** Directories of containerd's registry configuration: the names by which images are asked for. */
export const registryHosts = (registryPort: number): string[] => [
  'registry.ccs.internal',
  `localhost:${registryPort}`,
  `127.0.0.1:${registryPort}`,
  '_default',
]
