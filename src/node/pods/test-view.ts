// Makes pods and what is seen of them for the tests of this folder.
import type { Container, Pod, PodSpec } from '#kinds/k8s/core.ts'
import { containerHash } from './container-hash.ts'
import type { ContainerView, PodView, SandboxView } from './pod-view.ts'

export const NOW_MS = Date.UTC(2026, 0, 1, 12)

export function testPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1', resourceVersion: '1', ...metadata },
    spec: {
      nodeName: 'm1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'main', image: 'app:1' }],
      ...spec,
    },
  }
}

export const testContainer = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: 'app:1',
  ...more,
})

export const readySandbox: SandboxView = {
  id: 's-0',
  state: 'ready',
  attempt: 0,
  addresses: ['10.1.0.5'],
}

export function seen(name: string, more: Partial<ContainerView> = {}): ContainerView {
  const attempt = more.attempt ?? 0
  return {
    id: `${name}-${attempt}`,
    name,
    sandboxId: 's-0',
    attempt,
    state: 'running',
    startedAtMs: NOW_MS - 60_000,
    finishedAtMs: more.state === 'exited' ? NOW_MS : 0,
    exitCode: 0,
    image: 'app:1',
    imageRef: 'sha256:app',
    reason: '',
    message: '',
    hash: containerHash({ name, image: 'app:1' }),
    restartDelayMs: attempt === 0 ? undefined : 0,
    ...more,
  }
}

export function testView(more: Partial<PodView> = {}): PodView {
  const containers = more.containers ?? []
  const fine = { started: true, ready: true, failed: undefined }
  return {
    pod: testPod(),
    refusal: undefined,
    sandboxes: [readySandbox],
    containers,
    probes: new Map(containers.map(({ id }) => [id, fine])),
    waiting: new Map(),
    busy: new Set(),
    notBeforeMs: new Map(),
    killAtMs: new Map(),
    stopping: new Set(),
    failedHooks: new Set(),
    endingSinceMs: undefined,
    stoppedSandboxes: new Set(),
    volumesReady: true,
    volumesDueAtMs: undefined,
    nowMs: NOW_MS,
    ...more,
  }
}
