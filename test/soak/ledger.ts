// What clients of an API were promised, and what they saw: held against what the API says later.
import assert from 'node:assert/strict'
import type { Json } from './api-client.ts'

/** The state of an object: what its data say, or that it is not there. */
export type State = string | undefined

interface Record {
  /** The state that was acknowledged last. */
  known: State
  /** Version of that; 0 where the answer told none. */
  version: number
  /** What was asked for since then, without an answer so far. */
  asked: State[]
}

export const stateOf = (object: Json): string => object.data.value as string

export class Ledger {
  readonly #records = new Map<string, Record>()
  /** Which object and state each version stands for. */
  readonly #versions = new Map<number, string>()
  newest = 0

  get promised(): number {
    return this.#versions.size
  }

  record(name: string): Record {
    let found = this.#records.get(name)
    if (found === undefined)
      this.#records.set(name, (found = { known: undefined, version: 0, asked: [] }))
    return found
  }

  asks(name: string, state: State): void {
    this.record(name).asked.push(state)
  }

  acknowledged(name: string, state: State, object?: Json): void {
    const record = this.record(name)
    record.known = state
    record.asked = []
    if (object === undefined) return
    record.version = this.#seen(object, state ?? 'deleted')
    assert.equal(stateOf(object), state)
  }

  /** An event or an object of a list: whoever sees it may rely on it. */
  saw(type: string, object: Json): void {
    this.#seen(object, type === 'DELETED' ? 'deleted' : stateOf(object))
  }

  /** A copy that later promises do not change. */
  freeze(): { records: Map<string, Record>; newest: number } {
    const records = [...this.#records].map(([name, record]): [string, Record] => [
      name,
      { ...record, asked: [...record.asked] },
    ])
    return { records: new Map(records), newest: this.newest }
  }

  /** Takes as known what a list after a crash shows: what had no answer happened, or did not. */
  settle(objects: ReadonlyMap<string, Json>): void {
    for (const [name, record] of this.#records) {
      const object = objects.get(name)
      record.known = object === undefined ? undefined : stateOf(object)
      record.asked = []
    }
  }

  #seen(object: Json, state: string): number {
    const version = Number(object.metadata.resourceVersion)
    const what = `${object.metadata.name} = ${state}`
    const other = this.#versions.get(version)
    assert.ok(
      other === undefined || other === what,
      `version ${version} stands for ${other} and for ${what}`,
    )
    this.#versions.set(version, what)
    this.newest = Math.max(this.newest, version)
    return version
  }
}

export interface Later {
  objects: ReadonlyMap<string, Json>
  version: number
  /** Writers went on after the ledger was frozen: what is newer than it is theirs. */
  mayBeNewer: boolean
}

/** All that was acknowledged is there, and nothing that nobody asked for. */
export function checkLedger(
  { records, newest }: ReturnType<Ledger['freeze']>,
  { objects, version, mayBeNewer }: Later,
): void {
  assert.ok(version >= newest, `the API is at ${version}, but had given out ${newest}`)
  for (const [name, { known, version: acknowledged, asked }] of records) {
    const object = objects.get(name)
    const state = object === undefined ? undefined : stateOf(object)
    if ([known, ...asked].includes(state)) continue
    const isLater = object === undefined || Number(object.metadata.resourceVersion) > acknowledged
    const told = `${name} is ${state}, but was acknowledged as ${known} (or asked: ${asked.join(', ')})`
    assert.ok(mayBeNewer && isLater, told)
  }
}
