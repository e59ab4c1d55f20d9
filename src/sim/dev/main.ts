// npm run dev: serves a cluster of simulated nodes until it is interrupted. Needs neither root nor containers.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { describeError, lineLogger } from '#base/log.ts'
import { seededRandom, systemRandom } from '#base/random.ts'
import { sentinelHelp, sentinels } from '../nodes/pod-stages.ts'
import { type DevOptions, readDevOptions } from './dev-options.ts'
import { SAMPLE } from './sample.ts'
import { type SimulatedProduct, startSimulatedProduct } from './simulated-product.ts'

function placeOf({ dataDir }: DevOptions): { dataDir: string; isOurs: boolean } {
  if (dataDir === undefined)
    return { dataDir: mkdtempSync(path.join(tmpdir(), 'ccs-dev-')), isOurs: true }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return { dataDir: path.resolve(dataDir), isOurs: false }
}

function welcome(options: DevOptions, { kubeconfig, server }: SimulatedProduct): string {
  const images = Object.entries(sentinels).map(
    ([key, image]) => `  ${image.padEnd(14)} ${sentinelHelp[key as keyof typeof sentinels]}`,
  )
  return `A cluster of ${options.nodes} simulated nodes at ${server} (seed ${options.seed}).

  export KUBECONFIG=${kubeconfig}
  kubectl get nodes
  kubectl create deployment web --image=sim/app:1 --replicas=4
  kubectl get pods -o wide --watch
  kubectl logs deployment/web
  kubectl create deployment broken --image=${sentinels.crash}
  kubectl --context ccs-hub --namespace ${SAMPLE.project} get containerservices

Every image runs well but these:
${images.join('\n')}

Ctrl-C ends it${options.dataDir === undefined ? ', and everything is gone' : ''}.`
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<void> {
  const options = readDevOptions(process.argv)
  const { dataDir, isOurs } = placeOf(options)
  const log = lineLogger({
    write: (line) => void process.stderr.write(line),
    now: () => systemClock.now(),
    level: 'error',
  })
  const clean = () => {
    if (isOurs) rmSync(dataDir, { recursive: true, force: true })
  }
  const times = seededRandom(options.seed)
  let product: SimulatedProduct
  try {
    product = await startSimulatedProduct({
      ...options,
      dataDir,
      clock: systemClock,
      // Names and keys are nobody's to foresee; only the times of simulated pods follow from the seed.
      random: { ...systemRandom, next: () => times.next() },
      log,
    })
  } catch (error) {
    clean()
    throw error
  }
  const end = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.resolve())
  say(welcome(options, product))
  await end.promise
  await product.stop()
  clean()
}

try {
  await main()
} catch (error) {
  process.stderr.write(`npm run dev: ${describeError(error)}\n`)
  process.exitCode = 1
}
