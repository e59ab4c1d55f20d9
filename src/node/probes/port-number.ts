import type { Container } from '#kinds/k8s/core.ts'
import type { IntOrString } from '#kinds/object.ts'

/** A port by number, or by its name among the container's ports. */
export function portNumber(container: Container, port: IntOrString): number {
  const number = Number(port)
  if (Number.isInteger(number)) return number
  const named = container.ports?.find(({ name }) => name === port)
  if (named !== undefined) return named.containerPort
  const known = (container.ports ?? []).flatMap(({ name }) => name ?? []).join(', ')
  throw new RangeError(
    `port "${port}" is not among the named ports of container ${container.name} (${known || 'it has none'})`,
  )
}
