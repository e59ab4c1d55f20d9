// Images on the machine: present or pulled, a few pulls at a time, the same image once.
import { backoffDelayMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { Container } from '#kinds/k8s/core.ts'
import { Gate } from '#base/gate.ts'
import { nodeLimits } from '../limits.ts'
import {
  type Credentials,
  type Runtime,
  RuntimeError,
  type RuntimeImage,
} from '../runtime/runtime.ts'
import { type Waiting } from '../pods/pod-view.ts'
import { isImageName } from './image-name.ts'
import type { PulledImages } from './pulled-images.ts'

/** Why an image is not there, as the container's waiting state says it. */
export class ImageError extends Error {
  readonly waiting: Waiting
  /** False while an earlier failure is waited out: nothing was tried. */
  readonly tried: boolean

  constructor(waiting: Required<Waiting>, options: { tried: boolean; cause?: unknown }) {
    super(waiting.message, { cause: options.cause })
    this.name = 'ImageError'
    this.waiting = waiting
    this.tried = options.tried
  }
}

export interface PullEvents {
  /** The image is there already. */
  present(): void
  pulling(): void
  pulled(result: { tookMs: number; waitedMs: number; sizeBytes: number }): void
}

export interface PullRequest {
  podUid: string
  container: Container
  /** The pod's own, tried in order. */
  credentials: readonly Credentials[]
  /** Those of the cluster, for all its pods; tried last. Only where there are none, a pull goes without. */
  shared: Credentials | undefined
  events: PullEvents
}

interface Pull {
  beganAtMs: number
  result: Promise<PullResult>
}

interface PullResult {
  image: RuntimeImage
  /** Whose credentials it took; undefined for those of all. */
  by: Credentials | undefined
}

interface Failure {
  count: number
  untilMs: number
  message: string
}

const isLatest = (image: string): boolean => {
  const name = image.slice(image.lastIndexOf('/') + 1)
  return !image.includes('@') && (!name.includes(':') || name.endsWith(':latest'))
}

const policyOf = ({ image = '', imagePullPolicy }: Container) =>
  imagePullPolicy ?? (isLatest(image) ? 'Always' : 'IfNotPresent')

export class ImagePuller {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #random: Random
  readonly #pulled: PulledImages
  readonly #gate = new Gate(nodeLimits.imagePullsMax)
  /** Under way, by image and credentials: others that want the same wait for it. */
  readonly #pulls = new Map<string, Pull>()
  /** Failures by pod and image: another pod may try at once. */
  readonly #failures = new Map<string, Failure>()

  constructor(options: { runtime: Runtime; clock: Clock; random: Random; pulled: PulledImages }) {
    this.#pulled = options.pulled
    this.#runtime = options.runtime
    this.#clock = options.clock
    this.#random = options.random
  }

  /** The image of a container, pulled if its policy says so. Rejects with an ImageError. */
  async ensure(request: PullRequest): Promise<RuntimeImage> {
    const { image: name = '' } = request.container
    if (!isImageName(name)) {
      const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`
      throw new ImageError({ reason: 'InvalidImageName', message }, { tried: true })
    }
    const policy = policyOf(request.container)
    const present = await this.#runtime.image(name)
    const isTheirs =
      present !== undefined && this.#pulled.mayUse({ id: present.id, name }, request.credentials)
    if (isTheirs && policy !== 'Always') {
      request.events.present()
      return present
    }
    if (policy === 'Never') {
      const why =
        present === undefined
          ? 'is not present with pull policy of Never'
          : 'is present with pull policy of Never but does not have the proper credentials to access the image'
      const message = `Container image "${name}" ${why}`
      throw new ImageError({ reason: 'ErrImageNeverPull', message }, { tried: true })
    }
    return this.#pull(request, name)
  }

  /** When a failed pull may be tried again. */
  retryAtMs(podUid: string, image: string): number | undefined {
    return this.#failures.get(`${podUid}/${image}`)?.untilMs
  }

  forget(podUid: string): void {
    for (const key of this.#failures.keys())
      if (key.startsWith(`${podUid}/`)) this.#failures.delete(key)
  }

  async #pull(request: PullRequest, name: string): Promise<RuntimeImage> {
    const key = `${request.podUid}/${name}`
    const failure = this.#failures.get(key)
    if (failure !== undefined && failure.untilMs > this.#clock.now()) {
      const message = `Back-off pulling image "${name}": ErrImagePull: ${failure.message}`
      throw new ImageError({ reason: 'ImagePullBackOff', message }, { tried: false })
    }
    const askedAtMs = this.#clock.now()
    request.events.pulling()
    try {
      const image = await this.#download(request, name, askedAtMs)
      this.#failures.delete(key)
      return image
    } catch (error) {
      const message = error instanceof RuntimeError ? error.description : String(error)
      const count = (failure?.count ?? 0) + 1
      const delayMs = backoffDelayMs(nodeLimits.imagePullBackoff, count - 1, this.#random)
      this.#failures.set(key, { count, untilMs: this.#clock.now() + delayMs, message })
      throw new ImageError({ reason: 'ErrImagePull', message }, { tried: true, cause: error })
    }
  }

  async #download(request: PullRequest, name: string, askedAtMs: number): Promise<RuntimeImage> {
    const pull = this.#pullOnce(name, request)
    const { image } = await pull.result
    request.events.pulled({
      tookMs: this.#clock.now() - pull.beganAtMs,
      waitedMs: this.#clock.now() - askedAtMs,
      sizeBytes: image.sizeBytes,
    })
    return image
  }

  #pullOnce(name: string, request: PullRequest): Pull {
    const key = JSON.stringify([name, request.credentials])
    const underWay = this.#pulls.get(key)
    if (underWay !== undefined) return underWay
    const begun = Promise.withResolvers<PullResult>()
    const pull: Pull = { beganAtMs: this.#clock.now(), result: begun.promise }
    this.#pulls.set(key, pull)
    this.#gate
      .run(() => {
        pull.beganAtMs = this.#clock.now()
        return this.#pullAndRemember(name, request)
      })
      .finally(() => this.#pulls.delete(key))
      .then(begun.resolve, begun.reject)
    return pull
  }

  async #pullAndRemember(name: string, request: PullRequest): Promise<PullResult> {
    if (request.credentials.length > 0) this.#pulled.begin(name)
    const { reference, by } = await this.#tryCredentials(name, request).catch((error: unknown) => {
      this.#pulled.failed(name)
      throw error
    })
    const image = await this.#runtime.image(reference)
    if (image === undefined) throw new Error(`image "${name}" is gone right after its pull`)
    this.#pulled.done({ id: image.id, name }, by)
    return { image, by }
  }

  async #tryCredentials(name: string, { credentials, shared }: PullRequest) {
    const all = shared === undefined ? credentials : [...credentials, shared]
    for (const [at, each] of all.entries()) {
      try {
        const reference = await this.#runtime.pullImage(name, each)
        return { reference, by: each === shared ? undefined : each }
      } catch (error) {
        if (at === all.length - 1) throw error
      }
    }
    return { reference: await this.#runtime.pullImage(name), by: undefined }
  }
}
