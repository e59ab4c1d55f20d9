// What the flags of `ccs service create` and `update` say of a service's spec.
import { didYouMean } from '#base/closest-word.ts'
import type {
  ContainerService,
  ContainerServiceSpec,
  Readiness,
  ServicePort,
} from '#kinds/ccs/container-service.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { validateContainerService } from '#kinds/ccs/validate-container-service.ts'
import { EXIT, Failure } from '../failure.ts'

export interface SpecFlags {
  image?: string
  replicas?: number
  port?: string[]
  env?: string[]
  cluster?: string
  access?: ContainerServiceSpec['access']
  requests?: string
  limits?: string
  readiness?: string
  drain?: number
  maxUnavailable?: string
  spread?: ContainerServiceSpec['spread']
  /** What follows `--` is the command, not its arguments. */
  command?: boolean
}

const usage = (message: string): never => {
  throw new Failure(message, EXIT.usage)
}

const PORT_MAX = 65_535

function portNumber(flag: string, text: string, whole: string, hint: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > PORT_MAX)
    return usage(`${flag} "${whole}": "${text}" is no port; ${hint}`)
  return port
}

const PORT_HINT = 'write 8080 or 80:8080 (balancer:container)'

/** "8080", "80:8080" or "53:5353/udp". */
export function parsePort(text: string): ServicePort {
  const [ports, protocol = 'tcp', ...rest] = text.split('/')
  const upper = protocol.toUpperCase()
  if (rest.length > 0 || (upper !== 'TCP' && upper !== 'UDP'))
    return usage(`--port "${text}": the protocol is tcp or udp`)
  const [port, target, ...more] = (ports ?? '').split(':')
  if (more.length > 0) return usage(`--port "${text}": write 8080 or 80:8080`)
  return {
    port: portNumber('--port', port ?? '', text, PORT_HINT),
    ...(target === undefined ? {} : { targetPort: portNumber('--port', target, text, PORT_HINT) }),
    protocol: upper,
  }
}

function parsePorts(texts: readonly string[]): ServicePort[] {
  const ports = texts.map(parsePort)
  for (const [index, { port, protocol }] of ports.entries()) {
    const first = ports.findIndex((one) => one.port === port && one.protocol === protocol)
    if (first !== index)
      usage(
        `--port "${texts[index]}": port ${port}/${protocol} is given twice; each leads to one place`,
      )
  }
  return ports
}

export interface EnvChange {
  name: string
  /** Undefined: taken away. */
  value: string | undefined
}

/** "NAME=VALUE", or "NAME-" to take it away. */
export function parseEnv(text: string): EnvChange {
  const equals = text.indexOf('=')
  if (equals > 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) }
  if (equals < 0 && text.length > 1 && text.endsWith('-'))
    return { name: text.slice(0, -1), value: undefined }
  return usage(`--env "${text}": write NAME=VALUE, or NAME- to take it away`)
}

type Env = NonNullable<ContainerServiceSpec['env']>

function changeEnv(before: Env, texts: readonly string[]): Env {
  const env = new Map(before.map(({ name, value }) => [name, value ?? '']))
  const seen = new Set<string>()
  for (const { name, value } of texts.map(parseEnv)) {
    if (seen.has(name)) usage(`--env ${name} is given twice; which one shall it be?`)
    seen.add(name)
    if (value !== undefined) env.set(name, value)
    else if (!env.delete(name))
      usage(`--env "${name}-": it is not set.${didYouMean(name, [...env.keys()])}`)
  }
  return [...env].map(([name, value]) => ({ name, value }))
}

type Amounts = NonNullable<NonNullable<ContainerServiceSpec['resources']>['limits']>

/** "cpu=250m,memory=64Mi"; "none" takes all away. */
export function parseAmounts(flag: string, text: string): Amounts | undefined {
  if (text === 'none') return undefined
  const entries = text.split(',').map((part): [string, string] => {
    const [name = '', amount = '', ...rest] = part.split('=')
    if (name === '' || amount === '' || rest.length > 0)
      return usage(`${flag} "${text}": write cpu=250m,memory=64Mi, or none`)
    return [name, amount]
  })
  return Object.fromEntries(entries)
}

const READINESS_HINT = 'write tcp, tcp:8080, http:/health, http:8080/health or none'

/** How an instance is seen to be ready, as people write it. */
export function parseReadiness(text: string): Readiness {
  const [, kind, port, path] = /^(tcp|http|none)(?::(\d*))?(\/.*)?$/.exec(text) ?? []
  const wrong = (path !== undefined && kind !== 'http') || (port !== undefined && kind === 'none')
  if (kind === undefined || wrong) return usage(`--readiness "${text}": ${READINESS_HINT}`)
  return {
    type: kind === 'none' ? 'None' : (kind.toUpperCase() as 'TCP' | 'HTTP'),
    ...(port ? { port: portNumber('--readiness', port, text, READINESS_HINT) } : {}),
    ...(path === undefined ? {} : { path }),
  }
}

export function parseMaxUnavailable(text: string): number | string {
  if (/^([1-9]\d?|100)%$/.test(text)) return text
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  return usage(`--max-unavailable "${text}": write a number from 1, or a share such as 25%`)
}

/** The spec with what the flags say, checked; the one given stays as it is. */
export function withFlags(
  name: string,
  before: ContainerServiceSpec,
  flags: SpecFlags,
  words: readonly string[],
): ContainerServiceSpec {
  const spec: ContainerServiceSpec = { ...structuredClone(before) }
  if (flags.image !== undefined) spec.image = flags.image
  if (flags.replicas !== undefined) spec.replicas = flags.replicas
  if (flags.cluster !== undefined) spec.cluster = flags.cluster
  if (flags.access !== undefined) spec.access = flags.access
  if (flags.spread !== undefined) spec.spread = flags.spread
  if (flags.drain !== undefined) spec.drainSeconds = flags.drain
  if (flags.port?.length) spec.ports = parsePorts(flags.port)
  if (flags.env?.length) spec.env = changeEnv(before.env ?? [], flags.env)
  if (flags.readiness !== undefined) spec.readiness = parseReadiness(flags.readiness)
  if (flags.maxUnavailable !== undefined)
    spec.maxUnavailable = parseMaxUnavailable(flags.maxUnavailable)
  for (const list of ['requests', 'limits'] as const) {
    const text = flags[list]
    if (text === undefined) continue
    const { [list]: _, ...others } = spec.resources ?? {}
    const amounts = parseAmounts(`--${list}`, text)
    spec.resources = amounts === undefined ? others : { ...others, [list]: amounts }
  }
  if (words.length > 0) spec[flags.command ? 'command' : 'args'] = [...words]
  else if (flags.command) usage('--command: write the command at the end, after --')
  check(name, spec)
  return spec
}

/** The hub's own rules, asked before anything is sent. */
function check(name: string, spec: ContainerServiceSpec): void {
  const object: ContainerService = {
    apiVersion: CCS_API_VERSION,
    kind: 'ContainerService',
    metadata: { name },
    spec,
  }
  const errors = validateContainerService(object)
  if (errors.length === 0) return
  const lines = errors.map(({ field, message }) => `${field}: ${message}`)
  usage(lines.length === 1 ? lines[0]! : `this cannot be:\n  ${lines.join('\n  ')}`)
}
