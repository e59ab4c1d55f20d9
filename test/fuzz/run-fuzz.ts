// Gives a decoder mutated inputs, and tells of those that it falls over.
import { seededRandom } from '#base/random.ts'
import type { Decoder } from './decoders.ts'
import { pick } from './mutate.ts'

/** A decoder that takes longer hangs: good ones need microseconds. */
const HANG_MS = 5_000
const MUTATIONS_MAX = 4

export interface Fall {
  decoder: string
  /** Repeats it, with the number of the case. */
  seed: number
  input: unknown
  what: string
}

/** The first fall of a decoder within so many cases, if any. */
export function fuzz(
  decoder: Decoder,
  { seed, cases }: { seed: number; cases: number },
): Fall | undefined {
  for (let number = 0; number < cases; number++) {
    const caseSeed = seed + number
    const random = seededRandom(caseSeed)
    let input = pick(random, decoder.seeds)
    const mutations = Math.floor(random.next() * (MUTATIONS_MAX + 1))
    for (let n = 0; n < mutations; n++) input = decoder.mutate(input, random)
    const fall = fallOf(decoder, input)
    if (fall !== undefined) return { decoder: decoder.name, seed: caseSeed, input, what: fall }
  }
  return undefined
}

function fallOf({ decode, refuses }: Decoder, input: unknown): string | undefined {
  const began = performance.now()
  try {
    decode(input)
  } catch (error) {
    // RangeError is a stack that overflowed as well: never a refusal by itself.
    if (!refuses.some((refusal) => error instanceof refusal))
      return (error as Error).stack ?? String(error)
  }
  const tookMs = performance.now() - began
  return tookMs > HANG_MS ? `took ${Math.round(tookMs)} ms` : undefined
}

export function showFall({ decoder, seed, input, what }: Fall): string {
  const shown = Buffer.isBuffer(input) ? input.toString('base64') : JSON.stringify(input)
  return `${decoder} fell (--only ${JSON.stringify(decoder)} --seed ${seed} --cases 1) over ${(shown ?? 'undefined').slice(0, 2_000)}\n${what}`
}
