// Runs a pod sandbox through CRI, with as much of the protocol as the provider's tests need.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Client, credentials, loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const PROTO = `syntax = "proto3";
package runtime.v1;
service RuntimeService {
  rpc RunPodSandbox(RunPodSandboxRequest) returns (PodSandboxId) {}
  rpc StopPodSandbox(PodSandboxId) returns (Empty) {}
  rpc RemovePodSandbox(PodSandboxId) returns (Empty) {}
  rpc PodSandboxStatus(PodSandboxStatusRequest) returns (PodSandboxStatusResponse) {}
}
message Empty {}
message PodSandboxId { string pod_sandbox_id = 1; }
message PodSandboxMetadata { string name = 1; string uid = 2; string namespace = 3; }
message LinuxPodSandboxConfig { string cgroup_parent = 1; }
message PodSandboxConfig { PodSandboxMetadata metadata = 1; LinuxPodSandboxConfig linux = 8; }
message RunPodSandboxRequest { PodSandboxConfig config = 1; }
message PodSandboxStatusRequest { string pod_sandbox_id = 1; bool verbose = 2; }
message PodSandboxNetworkStatus { string ip = 1; }
message PodSandboxStatus { PodSandboxNetworkStatus network = 5; }
message PodSandboxStatusResponse { PodSandboxStatus status = 1; map<string, string> info = 2; }
`
const DEADLINE_MS = 20_000

function loadService(): new (
  address: string,
  creds: ReturnType<typeof credentials.createInsecure>,
) => Client {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-proto-'))
  try {
    const file = path.join(directory, 'cri.proto')
    writeFileSync(file, PROTO)
    const loaded = loadPackageDefinition(loadSync(file, { keepCase: true })) as unknown as {
      runtime: { v1: { RuntimeService: ReturnType<typeof loadService> } }
    }
    return loaded.runtime.v1.RuntimeService
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const RuntimeService = loadService()

async function call<R>(socket: string, method: string, request: unknown): Promise<R> {
  const client = new RuntimeService(`unix://${socket}`, credentials.createInsecure())
  try {
    return await new Promise<R>((resolve, reject) => {
      const methods = client as unknown as Record<string, (...args: unknown[]) => void>
      const deadline = Date.now() + DEADLINE_MS
      methods[method]!(request, { deadline }, (error: Error | null, response: R) =>
        error === null ? resolve(response) : reject(error),
      )
    })
  } finally {
    client.close()
  }
}

export interface Sandbox {
  id: string
  address: string
  netnsPath: string
}

export async function runSandbox(
  socket: string,
  { name, cgroupParent }: { name: string; cgroupParent: string },
): Promise<Sandbox> {
  const metadata = { name, uid: name, namespace: 'default' }
  const { pod_sandbox_id: id } = await call<{ pod_sandbox_id: string }>(socket, 'RunPodSandbox', {
    config: { metadata, linux: { cgroup_parent: cgroupParent } },
  })
  const { status, info } = await call<{
    status: { network: { ip: string } }
    info: Record<string, string>
  }>(socket, 'PodSandboxStatus', { pod_sandbox_id: id, verbose: true })
  const { runtimeSpec } = JSON.parse(info['info'] ?? '{}') as {
    runtimeSpec: { linux: { namespaces: { type: string; path?: string }[] } }
  }
  const network = runtimeSpec.linux.namespaces.find(({ type }) => type === 'network')
  return { id, address: status.network.ip, netnsPath: network?.path ?? '' }
}

export async function stopSandbox(socket: string, id: string): Promise<void> {
  await call(socket, 'StopPodSandbox', { pod_sandbox_id: id })
  await call(socket, 'RemovePodSandbox', { pod_sandbox_id: id })
}
