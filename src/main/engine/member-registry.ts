// The clusters that this engine works on, for the platform and the providers.
import type { Member, Members } from '#platform/members.ts'

export class MemberRegistry implements Members {
  readonly #members = new Map<string, Member>()
  readonly #listeners: ((cluster: string, member: Member) => void)[] = []

  get(cluster: string): Member | undefined {
    return this.#members.get(cluster)
  }

  all(): ReadonlyMap<string, Member> {
    return this.#members
  }

  onAdded(listener: (cluster: string, member: Member) => void): void {
    this.#listeners.push(listener)
    for (const [cluster, member] of this.#members) listener(cluster, member)
  }

  add(cluster: string, member: Member): void {
    this.#members.set(cluster, member)
    for (const listener of this.#listeners) listener(cluster, member)
  }

  remove(cluster: string): void {
    this.#members.delete(cluster)
  }
}
