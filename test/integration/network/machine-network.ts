// A machine with two pods, and the world outside it: four network namespaces, joined as the product
// joins them (a veth pair with a route for each pod).
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { ipBatch } from '#linux/links.ts'
import { createNetworkNamespace, deleteNetworkNamespace } from '#linux/network-namespaces.ts'
import { nsenterArgv } from '#linux/nsenter.ts'
import { run } from '#linux/run.ts'
import { setNamespaceSysctls } from '#linux/sysctl.ts'

export const POD_PORT = 8080
export const SERVICE_CIDR = '10.99.128.0/24'
export const MACHINE = '10.99.1.2'
const OUTSIDE = '10.99.1.1'

export const pods = { one: '10.99.64.11', two: '10.99.64.12' } as const
export type PodName = keyof typeof pods
export type Place = PodName | 'machine' | 'outside'

const script = (name: string) => path.join(import.meta.dirname, name)

export class MachineNetwork {
  readonly #prefix = `ccs-test-net-${randomBytes(3).toString('hex')}`
  readonly #servers: ChildProcess[] = []

  /** Names of links need be unique in their namespace only. */
  #name(place: Place): string {
    return `${this.#prefix}-${place}`
  }

  netnsPath(place: Place): string {
    return `/run/netns/${this.#name(place)}`
  }

  async open(): Promise<void> {
    for (const place of ['machine', 'outside', 'one', 'two'] as const)
      await createNetworkNamespace(this.#name(place))
    await ipBatch(
      [
        'link set lo up',
        `link add up0 type veth peer name eth0 netns ${this.#name('outside')}`,
        `addr add ${MACHINE}/30 dev up0`,
        'link set up0 up',
        ...Object.entries(pods).flatMap(([name, address]) => [
          `link add ${name} type veth peer name eth0 netns ${this.#name(name as PodName)}`,
          `link set ${name} up`,
          `addr add 10.99.64.1/32 dev ${name}`,
          `route add ${address}/32 dev ${name}`,
        ]),
      ],
      { namespace: this.#name('machine') },
    )
    await ipBatch(
      [
        'link set lo up',
        `addr add ${OUTSIDE}/30 dev eth0`,
        'link set eth0 up',
        `route add ${SERVICE_CIDR} via ${MACHINE}`,
      ],
      { namespace: this.#name('outside') },
    )
    await ipBatch([`route add default via ${OUTSIDE}`], { namespace: this.#name('machine') })
    for (const [name, address] of Object.entries(pods))
      await ipBatch(
        [
          'link set lo up',
          `addr add ${address}/32 dev eth0`,
          'link set eth0 up',
          'route add 10.99.64.1/32 dev eth0',
          'route add default via 10.99.64.1',
        ],
        { namespace: this.#name(name as PodName) },
      )
    // No redirects: here what comes from outside may go back there, which no machine's uplink sees.
    await setNamespaceSysctls(this.netnsPath('machine'), {
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.all.send_redirects': '0',
      'net.ipv4.conf.up0.send_redirects': '0',
    })
    await Promise.all((Object.keys(pods) as PodName[]).map((name) => this.#serve(name)))
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.kill('SIGKILL')
    for (const place of ['one', 'two', 'outside', 'machine'] as const)
      await deleteNetworkNamespace(this.#name(place))
  }

  /** Answers ("NAME SOURCE") or error codes, one for each time asked. */
  async ask(
    from: Place,
    protocol: 'tcp' | 'udp',
    to: { address: string; port: number },
    options: { times?: number; sourcePort?: number } = {},
  ): Promise<string[]> {
    const { times = 1, sourcePort = 0 } = options
    const args = [protocol, to.address, to.port, times, sourcePort].map(String)
    const argv = [process.execPath, script('ask.ts'), ...args]
    return JSON.parse(await run(nsenterArgv(this.netnsPath(from), argv))) as string[]
  }

  async #serve(name: PodName): Promise<void> {
    const argv = [process.execPath, script('pod-server.ts'), name, String(POD_PORT)]
    const [command, ...args] = nsenterArgv(this.netnsPath(name), argv)
    const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#servers.push(child)
    await once(child.stdout, 'data')
  }
}
