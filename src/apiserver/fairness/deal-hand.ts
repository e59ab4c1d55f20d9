// Shuffle sharding: each flow gets a few of the queues of its level, nearly always others than any other flow
// has, so that a flow that fills its own leaves the others at least one.
import { seededRandom } from '#base/random.ts'

/** `handSize` different numbers below `queues`: the same ones for the same seed and flow. */
export function dealHand(
  flow: string,
  { queues, handSize, seed }: { queues: number; handSize: number; seed: number },
): number[] {
  const random = seededRandom(hashOf(flow, seed))
  const dealt: number[] = []
  while (dealt.length < Math.min(handSize, queues)) {
    let card = Math.floor(random.next() * (queues - dealt.length))
    // Counted among those that are left: each smaller one that is gone moves it up.
    for (const gone of dealt.toSorted((a, b) => a - b)) if (gone <= card) card++
    dealt.push(card)
  }
  return dealt
}

/** FNV-1a from a seeded start. The seed is secret: nobody can look for names that meet others' queues. */
function hashOf(text: string, seed: number): number {
  let hash = (0x81_1c_9d_c5 ^ seed) >>> 0
  for (let at = 0; at < text.length; at++) {
    hash ^= text.charCodeAt(at)
    hash = Math.imul(hash, 0x01_00_01_93) >>> 0
  }
  return hash
}
