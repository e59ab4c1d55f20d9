// `ccs registry fsck`: holds what the registry knows and what is on its disk against each other.
import { type CommandContext, type CommonOptions, findInstance, outputFormat } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { registryAccess, registryCall } from '../image/registry-api.ts'
import { renderBytes, renderValue } from '../output.ts'

export interface FsckOptions extends CommonOptions {
  deep?: boolean
  repair?: boolean
}

interface Report {
  blobs: number
  bytes: number
  manifests: number
  files: number
  problems: { what: string; name: string; problem: string; repaired: boolean }[]
  problemCount: number
}

/** Hours for many disks: every byte is read. */
const TIMEOUT_MS = 12 * 60 * 60_000

export async function checkRegistry(context: CommandContext, options: FsckOptions): Promise<void> {
  const query = new URLSearchParams({
    deep: String(options.deep ?? false),
    repair: String(options.repair ?? false),
  })
  const access = registryAccess(findInstance(options))
  const answer = await registryCall(access, `/ccs/v1/fsck?${query.toString()}`, 'POST', TIMEOUT_MS)
  const report = (await answer.json()) as Report
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(report, format))
  else tell(context, report, options)
  const left = report.problems.filter(({ repaired }) => !repaired).length
  if (left > 0)
    throw new Failure(
      `${left} problems are left${options.repair ? '' : ": 'ccs registry fsck --repair' mends what can be mended"}`,
      EXIT.failed,
    )
}

function tell(context: CommandContext, report: Report, { deep }: FsckOptions): void {
  const { blobs, bytes, manifests, files, problems, problemCount } = report
  for (const { what, name, problem, repaired } of problems)
    context.print(`${repaired ? 'repaired' : 'problem '}  ${what} ${name}: ${problem}`)
  if (problemCount > problems.length)
    context.print(`... and ${problemCount - problems.length} more`)
  const how = deep ? 'every byte read' : 'sizes only; --deep reads every byte'
  context.print(
    `${blobs} blobs with ${renderBytes(bytes)}, ${manifests} manifests, ${files} files: ${problemCount} problems (${how})`,
  )
}
