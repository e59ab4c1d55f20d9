// Runs the program that checks and restores files of clusters: commands do not read databases themselves.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { CommandContext, FoundInstance } from '../context.ts'
import { Failure } from '../failure.ts'

export async function runClusterFile<T>(
  { root }: CommandContext,
  { paths }: FoundInstance,
  ...args: string[]
): Promise<T> {
  const program = path.join(root, 'src', 'main', 'cluster-file.ts')
  const argv = ['--disable-warning=ExperimentalWarning', program, paths.dataDir, ...args]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (output === '') throw new Failure(`${program} ended with ${String(code)} and said nothing`)
  const answer = JSON.parse(output) as T & { message?: string }
  if (code !== 0) throw new Failure(answer.message ?? `${program} ended with ${String(code)}`)
  return answer
}
