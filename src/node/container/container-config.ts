import type { Container, Pod } from '#kinds/k8s/core.ts'
import type { ContainerConfig, Mount, RuntimeImage } from '../runtime/runtime.ts'
import { type MachineLimits, containerResources } from './container-resources.ts'
import { expand } from './expand.ts'
import { containerAnnotations, containerLabels } from './labels.ts'
import { logPath } from './pod-places.ts'
import { containerSecurity } from './security-context.ts'

export interface ContainerOptions {
  pod: Pod
  container: Container
  attempt: number
  restartDelayMs: number | undefined
  image: RuntimeImage
  environment: ReadonlyMap<string, string>
  mounts: Mount[]
  machine: MachineLimits
}

export function containerConfig(options: ContainerOptions): ContainerConfig {
  const { pod, container, attempt, environment } = options
  const expanded = (words: readonly string[] | undefined) =>
    (words ?? []).map((word) => expand(word, environment))
  return {
    metadata: { name: container.name, attempt },
    // By id: what was looked up or pulled is what runs, wherever its name points a moment later.
    image: { image: options.image.id },
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value })),
    mounts: options.mounts,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(container, options),
    logPath: logPath(container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: containerResources(pod, container, options.machine),
      securityContext: containerSecurity(pod, container, options.image),
    },
  }
}
