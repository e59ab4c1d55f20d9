// The registry beside Debian's docker-registry, in the same run.
import { benchRegistry, type RegistryFigure } from './registry.ts'
import type { Row } from './rows.ts'
import type { Step } from './step.ts'

const OTHER = 'docker-registry'

function registryRow({ what, megabytes, ccs, dockerRegistry }: RegistryFigure): Row {
  const figure = `registry ${what}, blobs of ${megabytes} MB`
  if (dockerRegistry === undefined) return { figure, ours: ccs, unit: 'MB/s' }
  return {
    figure,
    ours: ccs,
    unit: 'MB/s',
    reference: { value: dockerRegistry, who: OTHER, recorded: false },
    goal: { value: dockerRegistry, better: 'higher' },
  }
}

export const registryStep: Step = {
  name: 'registry',
  timeoutMs: 120_000,
  async measure({ note }) {
    const figures = await benchRegistry()
    if (figures.some((figure) => figure.dockerRegistry === undefined))
      note(`registry: ${OTHER} is not installed, so there is nothing to compare with`)
    return figures.map(registryRow)
  },
}
