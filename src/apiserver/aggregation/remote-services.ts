// The group versions that other servers serve: followed as APIServices are written, and asked now and then
// whether they are there, what they serve, and how it looks.
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { APIService } from '#kinds/k8s/apiregistration.ts'
import { apiServices } from '#kinds/refs.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { ClusterContext } from '../context.ts'
import type { ResourceEntry } from '../discovery/groups.ts'
import { prefixFor, type ServedResource } from '../resources.ts'
import { replace } from '../verbs/replace.ts'
import { discover, readDocument, type RemoteDocument } from './ask-remote.ts'
import { checkPlace, type Verdict } from './check-place.ts'
import { type RemoteService, remoteServiceOf, rootOf } from './remote-service.ts'
import { withVerdict } from './with-verdict.ts'
import { SERVER } from '../server-user.ts'

const ALL = 'all'

/** How long an answer of a server is believed. */
const ASK_AGAIN_MS = 30_000

export interface RemoteVersion extends RemoteService {
  /** What it served when it was last asked; empty until it has answered. */
  resources: readonly ResourceEntry[]
  /** Whether it answered the last time. */
  isThere: boolean
  document: RemoteDocument | undefined
}

export interface RemoteServices {
  /** Changes with what discovery and OpenAPI show. */
  readonly generation: number
  readonly isEmpty: boolean
  all(): readonly RemoteVersion[]
  find(group: string, version: string): RemoteVersion | undefined
}

/** Of a cluster that serves no API services. */
export const NO_REMOTE_SERVICES: RemoteServices = {
  generation: 0,
  isEmpty: true,
  all: () => [],
  find: () => undefined,
}

export class RemoteServiceFollower implements RemoteServices {
  readonly #context: () => ClusterContext
  readonly #resource: ServedResource
  readonly #queue: WorkQueue
  readonly #closers: (() => void)[] = []
  #versions = new Map<string, RemoteVersion>()
  #askedAtMs = new Map<string, number>()
  #hasMoved = false
  generation = 0

  /** `context` is not whole yet when this is made. */
  constructor(
    {
      clock,
      random,
      log,
      resources,
      name,
    }: Pick<ClusterContext, 'clock' | 'random' | 'log' | 'resources' | 'name'>,
    context: () => ClusterContext,
  ) {
    this.#context = context
    this.#resource = resources.findKind(apiServices.group, apiServices.kind)!
    this.#queue = new WorkQueue({
      name: `remote API services of ${name}`,
      clock,
      random,
      log,
      reconcile: () => this.#reconcile(),
    })
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0
  }

  all(): readonly RemoteVersion[] {
    return [...this.#versions.values()]
  }

  find(group: string, version: string): RemoteVersion | undefined {
    return this.#versions.get(`${group}/${version}`)
  }

  start(): void {
    const { objects } = this.#context()
    const follow = (prefix: string, events: () => void) => {
      const watch = objects.store.watch(prefix, objects.revision, { events })
      this.#closers.push(() => watch.close())
    }
    follow(this.#resource.prefix, () => this.#queue.add(ALL))
    const moved = () => {
      // Most clusters have none: their services come and go without a look.
      if (this.isEmpty) return
      this.#hasMoved = true
      this.#queue.add(ALL)
    }
    follow(prefixFor('', 'services'), moved)
    follow(prefixFor('discovery.k8s.io', 'endpointslices'), moved)
    this.#queue.start()
    this.#queue.add(ALL)
  }

  async close(): Promise<void> {
    for (const close of this.#closers) close()
    await this.#queue.stop()
  }

  async #reconcile(): Promise<{ afterMs: number } | undefined> {
    const isMoved = this.#hasMoved
    this.#hasMoved = false
    const wanted = this.#wanted()
    for (const [id, { group, version }] of this.#versions)
      if (!wanted.has(id)) this.#forget(id, { group, version })
    // Known before it is asked: whoever registers it finds it at once.
    for (const [id, remote] of wanted) this.#know(id, remote)
    await Promise.all([...wanted].map(([id, remote]) => this.#look(id, remote, isMoved)))
    return wanted.size === 0 ? undefined : { afterMs: ASK_AGAIN_MS }
  }

  #wanted(): Map<string, RemoteService> {
    const { objects, resources } = this.#context()
    const wanted = new Map<string, RemoteService>()
    for (const { object } of objects.list(this.#resource.prefix)) {
      const remote = remoteServiceOf(object as APIService)
      // What is served here stays ours, whatever anybody writes.
      if (remote === undefined || resources.hasVersion(remote.group, remote.version)) continue
      wanted.set(`${remote.group}/${remote.version}`, remote)
    }
    return wanted
  }

  #forget(id: string, { group, version }: { group: string; version: string }): void {
    this.#versions.delete(id)
    this.#askedAtMs.delete(id)
    this.generation++
    this.#context().log.info('an API service is gone', { group, version })
  }

  #know(id: string, remote: RemoteService): void {
    const { resources, isThere, document, ...known } = this.#versions.get(id) ?? {
      resources: [],
      isThere: false,
      document: undefined,
    }
    if (deepEqual(known, remote)) return
    this.#versions.set(id, { ...remote, resources, isThere, document })
    this.#askedAtMs.delete(id)
    this.generation++
  }

  async #look(id: string, remote: RemoteService, isMoved: boolean): Promise<void> {
    const now = this.#context().clock.now()
    const askedAtMs = this.#askedAtMs.get(id) ?? -Infinity
    if (!isMoved && now - askedAtMs < ASK_AGAIN_MS) return
    this.#askedAtMs.set(id, now)
    await this.#tell(remote, await this.#ask(id, remote))
  }

  async #ask(id: string, remote: RemoteService): Promise<Verdict> {
    const context = this.#context()
    const { verdict, resources } = await this.#verdictOf(remote)
    const before = this.#versions.get(id)
    if (before === undefined) return verdict
    const isThere = verdict.status === 'True'
    const after: RemoteVersion = {
      ...before,
      isThere,
      resources: resources ?? before.resources,
      document: isThere ? await this.#documentOf(remote, before.document) : before.document,
    }
    if (!deepEqual(after, before)) {
      this.#versions.set(id, after)
      this.generation++
    }
    if (before.isThere !== isThere)
      context.log.info('an API service was asked', { path: rootOf(remote), ...verdict })
    return verdict
  }

  async #verdictOf(
    remote: RemoteService,
  ): Promise<{ verdict: Verdict; resources?: ResourceEntry[] | undefined }> {
    const context = this.#context()
    const verdict = checkPlace(context.objects, remote)
    return verdict === undefined ? discover(context, remote) : { verdict }
  }

  /** Its documents are of use, but a server may do without. */
  async #documentOf(
    remote: RemoteService,
    known: RemoteDocument | undefined,
  ): Promise<RemoteDocument | undefined> {
    const context = this.#context()
    try {
      return await readDocument(context, remote, known)
    } catch (error) {
      context.log.warn('the OpenAPI document of an API service cannot be read', {
        path: rootOf(remote),
        error,
      })
      return known
    }
  }

  async #tell({ name }: RemoteService, verdict: Verdict): Promise<void> {
    const context = this.#context()
    const target = { resource: this.#resource, namespace: undefined, name, subresource: 'status' }
    const change = ({ object }: { object: unknown }) =>
      withVerdict(object as APIService, verdict, context.clock.now())
    try {
      await replace(context, { user: SERVER }, { target, dryRun: false, change })
    } catch (error) {
      // Deleted meanwhile.
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
