// A cluster that a command names has to be there before anything is done.
import { didYouMean } from '#base/closest-word.ts'
import type { Client } from '#client/types.ts'
import { clusters } from '#kinds/ccs/cluster.ts'
import { EXIT, Failure } from './failure.ts'

export async function requireCluster(client: Client, name: string): Promise<void> {
  const names = (await client.resource(clusters).list()).items.map(({ metadata }) => metadata.name)
  if (names.includes(name)) return
  throw new Failure(
    `there is no cluster "${name}"; there are: ${names.join(', ')}.${didYouMean(name, names)}`,
    EXIT.notFound,
  )
}
