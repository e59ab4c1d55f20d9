// `ccs registry retention`: what a project's rules would take away, and having it done.
import { type CommandContext, type CommonOptions, findInstance, show } from '../context.ts'
import { registryAccess, registryCall } from '../image/registry-api.ts'
import { checkName } from '../service/find-service.ts'

export interface RetentionOptions extends CommonOptions {
  project: string
  run?: boolean
}

interface RepositoryRetention {
  repository: string
  tags: { tag: string; digest: string; keep: boolean; why: string }[]
  untagged: string[]
}

export async function showRetention(
  context: CommandContext,
  options: RetentionOptions,
): Promise<void> {
  checkName('project', options.project)
  const url = `/ccs/v1/retention?project=${options.project}`
  const access = registryAccess(findInstance(options))
  const answer = await registryCall(access, url, options.run ? 'POST' : 'GET')
  const all = (await answer.json()) as RepositoryRetention[]
  const rows = all.flatMap(({ repository, tags, untagged }) => [
    ...tags.map(({ tag, keep, why }) => ({ image: `${repository}:${tag}`, keep, why })),
    ...untagged.map((digest) => ({
      image: `${repository}@${digest}`,
      keep: false,
      why: 'no tag means it any more',
    })),
  ])
  show(context, options, {
    columns: [
      { title: 'IMAGE', value: (row: (typeof rows)[number]) => row.image },
      {
        title: 'VERDICT',
        value: ({ keep }) => (keep ? 'keep' : options.run ? 'deleted' : 'delete'),
      },
      { title: 'WHY', value: ({ why }) => why },
    ],
    rows,
    value: all,
    empty: `Project "${options.project}" has no images that rules are about; rules are in spec.retention of the Project.`,
  })
  const goes = rows.filter(({ keep }) => !keep).length
  if (goes > 0 && !options.run) context.say(`${goes} would go, into the trash. Do it with --run`)
}
