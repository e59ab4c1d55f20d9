// The revisions of services as objects of the hub: read from the cache, written once, the oldest dropped.
import type { Client, InformerFactory } from '#client/types.ts'
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import { type ServiceRevision, serviceRevisions } from '#kinds/ccs/service-revision.ts'
import { deleteIfThere } from './apply-desired.ts'
import { revisionsOf, surplusRevisions } from './revisions.ts'

export class RevisionLog {
  readonly #client: Client
  readonly #informers: InformerFactory

  constructor({ client, informers }: { client: Client; informers: InformerFactory }) {
    this.#client = client
    this.#informers = informers
    informers.informer(serviceRevisions)
  }

  /** False while nobody can say which revisions there are. */
  get isReadable(): boolean {
    return this.#informers.informer(serviceRevisions).hasSynced
  }

  /** Newest first. */
  of(service: ContainerService): ServiceRevision[] {
    const { namespace } = service.metadata
    return revisionsOf(service, this.#informers.informer(serviceRevisions).list(namespace))
  }

  /** Fails with AlreadyExists when the cache was behind: the retry sees what was written. */
  async record(service: ContainerService, revision: ServiceRevision): Promise<void> {
    await this.#client.resource(serviceRevisions).create(revision)
    for (const old of surplusRevisions([revision, ...this.of(service)]))
      await deleteIfThere(this.#client, serviceRevisions, old.metadata)
  }

  async removeAll(service: ContainerService): Promise<void> {
    for (const revision of this.of(service))
      await deleteIfThere(this.#client, serviceRevisions, revision.metadata)
  }
}
