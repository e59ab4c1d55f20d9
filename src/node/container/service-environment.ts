// The variables by which containers find Services: NAME_SERVICE_HOST and the like, and the older
// form of Docker's links.
import type { Service } from '#kinds/k8s/core.ts'

const variable = (name: string): string => name.toUpperCase().replaceAll('-', '_')

const hasAddress = ({ spec: { clusterIP } }: Service): boolean =>
  clusterIP !== undefined && clusterIP !== '' && clusterIP !== 'None'

export function serviceVariables({ metadata, spec }: Service): [string, string][] {
  const prefix = variable(metadata.name)
  const host = spec.clusterIP ?? ''
  const ports = spec.ports ?? []
  const [first] = ports
  if (first === undefined) return []
  const links = ports.flatMap(({ port, protocol = 'TCP' }, at) => {
    const scheme = protocol.toLowerCase()
    const url = `${scheme}://${host}:${port}`
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
    return [
      ...(at === 0 ? [[`${prefix}_PORT`, url]] : []),
      [link, url],
      [`${link}_PROTO`, scheme],
      [`${link}_PORT`, String(port)],
      [`${link}_ADDR`, host],
    ] as [string, string][]
  })
  const named = ports.flatMap(({ name, port }): [string, string][] =>
    name === undefined ? [] : [[`${prefix}_SERVICE_PORT_${variable(name)}`, String(port)]],
  )
  return [
    [`${prefix}_SERVICE_HOST`, host],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...named,
    ...links,
  ]
}

/** Variables of `own`, the namespace's Services, and of the API server's in namespace default. */
export function serviceEnvironment(options: {
  own: readonly Service[]
  kubernetes: Service | undefined
  enableServiceLinks: boolean
}): Map<string, string> {
  const own = options.enableServiceLinks ? options.own : []
  const all = [...(options.kubernetes ? [options.kubernetes] : []), ...own].filter(hasAddress)
  return new Map(all.flatMap(serviceVariables))
}
