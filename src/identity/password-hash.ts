// Passwords as argon2id hashes, in the PHC string format. The parameters are those that OWASP's
// password storage cheat sheet names first: 19 MiB, two passes, one lane.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const argon2Async = promisify(argon2)

const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Characters of a password: longer ones cost memory and add nothing. */
export const PASSWORD_CHARS_MAX = 1_024

/** What a stored hash may ask for: a Secret that somebody wrote must not take the machine. */
const MEMORY_KIB_MAX = 262_144
const PASSES_MAX = 10

const FORMAT =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const tag = await derive(password, { salt, memory: MEMORY_KIB, passes: PASSES, lanes: LANES })
  const parameters = `m=${MEMORY_KIB},t=${PASSES},p=${LANES}`
  return `$argon2id$v=19$${parameters}$${unpadded(salt)}$${unpadded(tag)}`
}

/** Whether `hash` is one of `hashPassword`'s, within what is allowed. */
export const isPasswordHash = (hash: string): boolean => parse(hash) !== undefined

/** False also when `hash` is no hash. Takes some 50 ms of a core, off the event loop. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const parsed = parse(hash)
  if (parsed === undefined || password.length > PASSWORD_CHARS_MAX) return false
  const tag = await derive(password, { ...parsed, tagBytes: parsed.tag.length })
  return timingSafeEqual(tag, parsed.tag)
}

interface Parameters {
  salt: Buffer
  memory: number
  passes: number
  lanes: number
  tagBytes?: number
}

function parse(hash: string): (Parameters & { tag: Buffer }) | undefined {
  const match = FORMAT.exec(hash)
  if (match === null) return undefined
  const [memory, passes, lanes] = match.slice(1, 4).map(Number) as [number, number, number]
  if (passes < 1 || lanes < 1 || lanes > 4 || passes > PASSES_MAX) return undefined
  if (memory < 8 * lanes || memory > MEMORY_KIB_MAX) return undefined
  const [salt, tag] = match.slice(4).map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer]
  return { salt, memory, passes, lanes, tag }
}

const derive = (password: string, parameters: Parameters): Promise<Buffer> =>
  argon2Async('argon2id', {
    message: password,
    nonce: parameters.salt,
    parallelism: parameters.lanes,
    tagLength: parameters.tagBytes ?? TAG_BYTES,
    memory: parameters.memory,
    passes: parameters.passes,
  })
