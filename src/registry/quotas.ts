// What projects may take on disk, held to the byte: bytes under way count from the moment they come, and an
// upload that goes beyond is cut.
import type { Metadata } from './metadata.ts'
import type { RulesOf } from './project-rules.ts'
import { RegistryError } from './registry-error.ts'

export class Quotas {
  readonly #metadata: Pick<Metadata, 'projectUsage'>
  readonly #rulesOf: RulesOf
  /** Bytes of uploads under way, by project. */
  readonly #reserved = new Map<string, number>()

  constructor(options: { metadata: Pick<Metadata, 'projectUsage'>; rulesOf: RulesOf }) {
    this.#metadata = options.metadata
    this.#rulesOf = options.rulesOf
  }

  /** Takes note of bytes that came, before they are written. Throws DENIED, and then takes none. */
  reserve(project: string, bytes: number): void {
    this.check(project, bytes)
    this.#reserved.set(project, (this.#reserved.get(project) ?? 0) + bytes)
  }

  /** Gives back what was reserved: the bytes are counted otherwise now, or gone. */
  release(project: string, bytes: number): void {
    const left = (this.#reserved.get(project) ?? 0) - bytes
    if (left > 0) this.#reserved.set(project, left)
    else this.#reserved.delete(project)
  }

  /** Throws DENIED when a project may not take `bytes` more. 429 would have clients try again. */
  check(project: string, bytes: number): void {
    const { quotaBytes } = this.#rulesOf(project)
    if (quotaBytes === undefined || bytes === 0) return
    const usedBytes = this.#metadata.projectUsage.bytesOf(project)
    const underWayBytes = this.#reserved.get(project) ?? 0
    if (usedBytes + underWayBytes + bytes <= quotaBytes) return
    throw new RegistryError(
      'DENIED',
      `project ${project} may use ${quotaBytes} bytes and uses ${usedBytes + underWayBytes}: ` +
        'delete images and purge the trash, or have its quota raised',
      { detail: { project, quotaBytes, usedBytes, underWayBytes, wantedBytes: bytes } },
    )
  }
}
