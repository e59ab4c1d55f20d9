// Requests and limits of a container.
import type { FieldError } from '../definition.ts'
import type { ResourceRequirements } from '../k8s/core.ts'
import type { Quantity } from '../object.ts'
import { checkQualifiedName } from '../names.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { invalid, invalidEach } from './field-error.ts'

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage'])
const HUGE_PAGES = 'hugepages-'
const WHOLE = 1_000_000_000n

/** Resources of which a pod cannot be given more than there is: devices and huge pages. */
const isExact = (name: string): boolean => name.includes('/') || name.startsWith(HUGE_PAGES)

function validateAmount(field: string, name: string, quantity: Quantity): FieldError[] {
  const errors = invalidEach(field, name, checkQualifiedName(name))
  if (errors.length === 0 && !isExact(name) && !STANDARD.has(name))
    errors.push(invalid(field, name, 'must be a standard resource for containers'))
  const { nanos } = parseQuantity(quantity)
  if (nanos < 0n)
    errors.push(invalid(field, String(quantity), 'must be greater than or equal to 0'))
  if (name.includes('/') && nanos % WHOLE !== 0n)
    errors.push(invalid(field, String(quantity), 'must be an integer'))
  return errors
}

export function validateResources(
  { requests = {}, limits = {} }: ResourceRequirements,
  field: string,
): FieldError[] {
  const errors = Object.entries(limits).flatMap(([name, quantity]) =>
    validateAmount(`${field}.limits[${name}]`, name, quantity),
  )
  for (const [name, quantity] of Object.entries(requests)) {
    errors.push(...validateAmount(`${field}.requests[${name}]`, name, quantity))
    const limit = limits[name]
    if (limit === undefined) continue
    const order = compareQuantities(quantity, limit)
    const relation = isExact(name) ? 'equal to' : 'less than or equal to'
    if (order > 0 || (isExact(name) && order !== 0))
      errors.push(
        invalid(
          `${field}.requests`,
          String(quantity),
          `must be ${relation} ${name} limit of ${limit}`,
        ),
      )
  }
  return errors
}
