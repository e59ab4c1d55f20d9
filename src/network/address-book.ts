// Addresses and host ports of load balancers, on disk: who got what keeps it, whatever restarts.
import { readFileSync } from 'node:fs'
import { writeFileAtomic } from '#base/atomic-file.ts'

export interface Holding {
  address: string
  /** By "<port>/<protocol>": the port on 127.0.0.1. */
  hostPorts: Record<string, number>
}

interface BookFile {
  version: 1
  /** By "<cluster>/<namespace>/<service>". */
  holdings: Record<string, Holding>
}

export class AddressesExhausted extends Error {
  constructor(cidr: string) {
    super(`all load balancer addresses of ${cidr} are in use; delete a service that needs none`)
    this.name = 'AddressesExhausted'
  }
}

/** All addresses of a /24 that a host may have. */
function addressesOf(cidr: string): string[] {
  const prefix = /^(\d+\.\d+\.\d+)\.0\/24$/.exec(cidr)?.[1]
  if (prefix === undefined) throw new RangeError(`load balancers need a /24, not ${cidr}`)
  return Array.from({ length: 254 }, (_, i) => `${prefix}.${i + 1}`)
}

export class AddressBook {
  readonly #file: string
  readonly #cidr: string
  #holdings: Map<string, Holding>

  constructor(file: string, cidr: string) {
    this.#file = file
    this.#cidr = cidr
    this.#holdings = new Map(Object.entries(read(file).holdings))
    this.#moveTo(addressesOf(cidr))
  }

  /** Gives addresses anew that are not of these: another instance may have them by now. */
  #moveTo(own: string[]): void {
    const stay = new Map([...this.#holdings].filter(([, { address }]) => own.includes(address)))
    const used = new Set([...stay.values()].map(({ address }) => address))
    const free = own.filter((address) => !used.has(address))
    const moved = [...this.#holdings].filter(([key]) => !stay.has(key))
    for (const [i, [key, { hostPorts }]] of moved.entries())
      stay.set(key, { address: free[i]!, hostPorts })
    if (moved.length > 0) this.#write(stay)
  }

  /** The block that the addresses in a book are of, as far as there are any. */
  static blockOf(file: string): string | undefined {
    const [first] = Object.values(read(file).holdings)
    return first && `${first.address.slice(0, first.address.lastIndexOf('.'))}.0/24`
  }

  get(key: string): Holding | undefined {
    return this.#holdings.get(key)
  }

  keys(): string[] {
    return [...this.#holdings.keys()]
  }

  get hostPorts(): number[] {
    return [...this.#holdings.values()].flatMap(({ hostPorts }) => Object.values(hostPorts))
  }

  usesPort(port: number): boolean {
    return this.hostPorts.includes(port)
  }

  /** Gives `key` an address; the same one again when it has one. On disk when this returns. */
  claim(key: string): Holding {
    const held = this.#holdings.get(key)
    if (held !== undefined) return held
    const used = new Set([...this.#holdings.values()].map((holding) => holding.address))
    const address = addressesOf(this.#cidr).find((candidate) => !used.has(candidate))
    if (address === undefined) throw new AddressesExhausted(this.#cidr)
    const holding = { address, hostPorts: {} }
    this.#write(new Map(this.#holdings).set(key, holding))
    return holding
  }

  /** Refuses a port that another holder took between the caller's look and now. */
  setHostPorts(key: string, hostPorts: Record<string, number>): Holding {
    const held = this.#holdings.get(key)
    if (held === undefined) throw new RangeError(`${key} holds no address`)
    for (const [other, { hostPorts: taken }] of this.#holdings) {
      const port = Object.values(hostPorts).find((p) => Object.values(taken).includes(p))
      if (other !== key && port !== undefined)
        throw new Error(`port ${port} on 127.0.0.1 is held by ${other}`)
    }
    const holding = { ...held, hostPorts }
    this.#write(new Map(this.#holdings).set(key, holding))
    return holding
  }

  release(key: string): void {
    const next = new Map(this.#holdings)
    if (next.delete(key)) this.#write(next)
  }

  #write(holdings: Map<string, Holding>): void {
    const content: BookFile = { version: 1, holdings: Object.fromEntries(holdings) }
    writeFileAtomic(this.#file, `${JSON.stringify(content, null, 2)}\n`)
    this.#holdings = holdings
  }
}

function read(file: string): BookFile {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, holdings: {} }
    throw error
  }
  const content = JSON.parse(text) as BookFile
  if (content.version !== 1)
    throw new Error(`${file} was written by a newer ccs (version ${String(content.version)})`)
  return content
}
