// The rest of `ccs up --demo`: builds the example image, runs it as a service, and prints its URL.
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isReason } from '#base/errors.ts'
import { containerServices } from '#kinds/ccs/container-service.ts'
import { clientOf, type CommandContext, type CommonOptions, findInstance } from './context.ts'
import { Failure } from './failure.ts'
import { buildImage } from './image/build.ts'
import { phase, waitUntil } from './phases.ts'
import { updateService } from './service/change.ts'
import { createService } from './service/create.ts'
import { DEFAULT_PROJECT, getService } from './service/find-service.ts'

const NAME = 'hello'
const REPLICAS = 2
const PORT = 8080
const READY_TIMEOUT_SECONDS = 60
/** A build has its own, longer limit; the example is one copy. */
const BUILD_BUDGET_MS = 5 * 60_000
const ANSWER_TIMEOUT_MS = 20_000

/** The example with the busybox of this computer beside its Dockerfile, since there is no base image to pull. */
async function buildExample(context: CommandContext, options: CommonOptions): Promise<string> {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-demo-'))
  try {
    cpSync(path.join(context.root, 'examples', 'hello'), directory, { recursive: true })
    copyFileSync('/bin/busybox', path.join(directory, 'busybox'))
    return await buildImage(context, directory, {
      ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      tag: `${NAME}:1`,
      project: DEFAULT_PROJECT,
      quiet: true,
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function exists(options: CommonOptions): Promise<boolean> {
  const client = await clientOf(findInstance(options))
  try {
    await client.resource(containerServices).get({ namespace: DEFAULT_PROJECT, name: NAME })
    return true
  } catch (error) {
    if (isReason(error, 'NotFound')) return false
    throw error
  }
}

async function runService(context: CommandContext, options: CommonOptions): Promise<void> {
  const common = {
    ...options,
    project: DEFAULT_PROJECT,
    wait: true,
    timeout: READY_TIMEOUT_SECONDS,
  }
  const quiet: CommandContext = { ...context, say: () => undefined, print: () => undefined }
  if (await exists(options))
    return updateService(quiet, NAME, [], { ...common, image: `${NAME}:1` })
  return createService(quiet, NAME, [], {
    ...common,
    image: `${NAME}:1`,
    replicas: REPLICAS,
    port: [String(PORT)],
    cluster: 'local',
    access: 'Public',
  })
}

async function seeAnswer(context: CommandContext, options: CommonOptions): Promise<string> {
  const client = await clientOf(findInstance(options))
  const service = await getService(client, { namespace: DEFAULT_PROJECT, name: NAME })
  const url = service.status?.url
  if (url === undefined) throw new Failure(`service "${NAME}" has no URL`)
  await waitUntil({
    clock: context.clock,
    timeoutMs: ANSWER_TIMEOUT_MS,
    what: `an answer on ${url}`,
    probe: async () => ((await fetch(url)).ok ? true : undefined),
  })
  return url
}

export async function runDemo(context: CommandContext, options: CommonOptions): Promise<void> {
  let url = ''
  await phase(context, 'image', async () => `${await buildExample(context, options)} pushed`, {
    budgetMs: BUILD_BUDGET_MS,
  })
  await phase(context, 'service', async () => {
    await runService(context, options)
    return `${NAME} has ${REPLICAS} instances`
  })
  await phase(context, 'answer', async () => {
    url = await seeAnswer(context, options)
    return 'seen'
  })
  context.say(`\nThe sample service "${NAME}" answers, from both machines by turns:`)
  context.print(url)
}
