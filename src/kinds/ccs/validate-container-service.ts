// What a schema cannot say of a ContainerService. Asked by the hub before it stores one, and by the
// platform, since a hub on another Kubernetes has only the schema.
import { didYouMean } from '#base/closest-word.ts'
import type { FieldError } from '#kinds/definition.ts'
import { checkEnvironmentName, checkPortName } from '#kinds/names.ts'
import { QuantityError } from '#kinds/quantity.ts'
import { duplicate, invalid, invalidEach, required } from '#kinds/validate/field-error.ts'
import { validateResources } from '#kinds/validate/resources.ts'
import type { ContainerService, ContainerServiceSpec, ServicePort } from './container-service.ts'
import { parseImageName } from './image-name.ts'

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const

export function validateContainerService({ spec }: ContainerService): FieldError[] {
  return [
    ...validateImage(spec.image),
    ...validatePorts(spec.ports ?? []),
    ...(spec.env ?? []).flatMap(({ name }, index) =>
      invalidEach(`spec.env[${index}].name`, name, checkEnvironmentName(name)),
    ),
    ...validateAmounts(spec),
    ...validateReadiness(spec),
  ]
}

function validateImage(image: string): FieldError[] {
  if (parseImageName(image) !== undefined) return []
  return [
    invalid(
      'spec.image',
      image,
      'is not an image name: write NAME[:TAG] in lower case, such as web:1.0, or a full name such as docker.io/library/nginx:1.27',
    ),
  ]
}

/** Name of the port in Deployment and Service. */
export const portName = (port: ServicePort): string =>
  port.name || `${protocolOf(port).toLowerCase()}-${port.port}`

export const protocolOf = (port: ServicePort): 'TCP' | 'UDP' => port.protocol ?? 'TCP'

/** Port of the container. */
export const targetOf = (port: ServicePort): number => port.targetPort ?? port.port

function validatePorts(ports: readonly ServicePort[]): FieldError[] {
  const seen = new Set<string>()
  return ports.flatMap((port, index) => {
    const field = `spec.ports[${index}].name`
    const name = portName(port)
    const errors = port.name ? invalidEach(field, port.name, checkPortName(port.name)) : []
    if (seen.has(name)) errors.push(duplicate(field, name))
    seen.add(name)
    return errors
  })
}

function validateAmounts({ resources = {} }: ContainerServiceSpec): FieldError[] {
  const field = 'spec.resources'
  const unknown = (['requests', 'limits'] as const).flatMap((list) =>
    Object.keys(resources[list] ?? {})
      .filter((name) => !(RESOURCES as readonly string[]).includes(name) && !name.includes('/'))
      .map((name) =>
        invalid(
          `${field}.${list}[${name}]`,
          name,
          `must be one of ${RESOURCES.join(', ')}, or a device such as example.com/gpu.${didYouMean(name, RESOURCES)}`,
        ),
      ),
  )
  if (unknown.length > 0) return unknown
  try {
    return validateResources(resources, field)
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error
    return [invalid(field, resources, error.message)]
  }
}

/** The port that the readiness check asks, or undefined when there is none to ask. */
export function checkedPort(spec: ContainerServiceSpec): number | undefined {
  const first = spec.ports?.find((port) => protocolOf(port) === 'TCP')
  return spec.readiness?.port ?? (first && targetOf(first))
}

function validateReadiness(spec: ContainerServiceSpec): FieldError[] {
  const { readiness } = spec
  if (readiness === undefined) return []
  const { type = 'TCP', path, port } = readiness
  const errors: FieldError[] = []
  if (path !== undefined && type !== 'HTTP')
    errors.push(invalid('spec.readiness.path', path, 'is for a check of type HTTP'))
  if (port !== undefined && type === 'None')
    errors.push(invalid('spec.readiness.port', port, 'is for a check of type TCP or HTTP'))
  // TCP is what is there without being asked for: a service without a TCP port goes without it.
  if (type === 'HTTP' && checkedPort(spec) === undefined)
    errors.push(
      required('spec.readiness.port', 'the service has no TCP port that the check could ask'),
    )
  return errors
}
