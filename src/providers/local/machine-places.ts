// Where a machine keeps its things; see "Places on disk" in docs/ARCHITECTURE.md.
import path from 'node:path'
import { runtimeFiles } from '#linux/machine-processes.ts'

export interface MachinePlaces {
  directory: string
  /** Images and containers: what survives a reboot. */
  root: string
  config: string
  log: string
  /** By registry host: where containerd finds it. */
  registries: string
  registryCa: string
  certificate: string
  key: string
  cniConfigs: string
  /** host-local's record of pod addresses in use. */
  cniReservations: string
  runDir: string
  socket: string
  state: string
  runc: string
}

export function machinePlaces(
  instance: { dataDir: string; runDir: string },
  cluster: string,
  machine: string,
): MachinePlaces {
  const directory = path.join(instance.dataDir, 'clusters', cluster, machine)
  const runDir = path.join(instance.runDir, cluster, machine)
  const at = (...parts: string[]) => path.join(directory, ...parts)
  return {
    directory,
    root: at('containerd'),
    config: at('containerd.toml'),
    log: at('containerd.log'),
    registries: at('registries'),
    registryCa: at('registries', 'ca.pem'),
    certificate: at('streaming.crt'),
    key: at('streaming.key'),
    cniConfigs: at('cni', 'networks'),
    cniReservations: at('cni', 'reservations'),
    runDir,
    ...runtimeFiles(runDir),
  }
}
