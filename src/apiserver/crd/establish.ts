// Accepts the names of a definition, or says why not: from then on its kind is served.
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { ClusterContext } from '../context.ts'
import type { CrdStatusOptions } from './crd-status.ts'
import { judgedStatus } from './crd-status.ts'
import { writeDefinition } from './write-definition.ts'

export async function establish(
  context: ClusterContext,
  definition: CustomResourceDefinition,
  judging: CrdStatusOptions,
): Promise<void> {
  if (deepEqual(judgedStatus(definition, judging), definition.status)) return
  await writeDefinition(context, definition.metadata.name, (current) => {
    if (current.metadata.deletionTimestamp === undefined)
      current.status = judgedStatus(current, judging)
  })
}
