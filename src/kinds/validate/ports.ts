import type { FieldError } from '../definition.ts'
import type { IntOrString } from '../object.ts'
import { checkPortName, checkPortNumber } from '../names.ts'
import { invalidEach, oneOf, required } from './field-error.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export const validatePortNumber = (field: string, port: number): FieldError[] =>
  invalidEach(field, port, checkPortNumber(port))

export function validatePortNumberOrName(field: string, port: IntOrString): FieldError[] {
  return typeof port === 'number'
    ? validatePortNumber(field, port)
    : invalidEach(field, port, checkPortName(port))
}

export function validateProtocol(field: string, protocol: string | undefined): FieldError[] {
  return protocol ? oneOf(field, protocol, PROTOCOLS) : [required(field)]
}
