import { sentinels } from '../nodes/pod-stages.ts'
import { below, type UserContext } from './user-context.ts'

/** Share of images that misbehave in each way. */
const BAD_IMAGE_SHARE = 0.06
const BAD = [
  sentinels.crash,
  sentinels.oom,
  sentinels.slowPull,
  sentinels.noImage,
  sentinels.unready,
]

const GOOD = 'sim/app'
export const MENDED_IMAGE = 'sim/app:mended'
export const isGood = (image: string | undefined): boolean => image?.startsWith(GOOD) ?? false

/** A new version of something that runs well, mostly. */
export function someImage(context: UserContext): string {
  const kind = Math.floor(context.random.next() / BAD_IMAGE_SHARE)
  return `${BAD[kind] ?? GOOD}:v${below(context, 1_000)}`
}
