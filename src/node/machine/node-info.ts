// What a node says of the computer that it is on.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { NodeSystemInfo } from '#kinds/k8s/core.ts'

/** The version of Kubernetes whose behaviour the agent has. */
const KUBELET_VERSION = 'v1.36.2+ccs'
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

export const architecture = (): string => ARCHITECTURES[process.arch] ?? process.arch

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

export function nodeInfo(nodeName: string, runtimeVersion: string): NodeSystemInfo {
  // All machines are on one computer: the name makes the difference.
  const machineID = createHash('sha256')
    .update(`${textOf('/etc/machine-id')}/${nodeName}`)
    .digest('hex')
    .slice(0, 32)
  const [, osImage = 'Linux'] = /^PRETTY_NAME="(.*)"$/m.exec(textOf('/etc/os-release')) ?? []
  return {
    machineID,
    systemUUID: machineID,
    bootID: textOf('/proc/sys/kernel/random/boot_id'),
    kernelVersion: os.release(),
    osImage,
    containerRuntimeVersion: runtimeVersion,
    kubeletVersion: KUBELET_VERSION,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: architecture(),
  }
}

const CAP_SYS_RESOURCE = 24n

/** Whether this process may give processes a lower OOM score than its own. */
export function mayLowerOomScore(): boolean {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf('/proc/self/status')) ?? []
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n
}
