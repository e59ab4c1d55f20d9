// In which form a client wants objects: as they are, as a table, or metadata only; JSON or YAML.
import { notAcceptable } from '../api-errors.ts'

export interface Form {
  shape: 'object' | 'table' | 'metadata'
  encoding: 'application/json' | 'application/yaml'
}

const AVAILABLE = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const SHAPES: Readonly<Record<string, Form['shape']>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
}

/** What is answered to those who do not say what they want. */
export const PLAIN: Form = { shape: 'object', encoding: 'application/json' }

/** The first form of the Accept header that can be served; reviews have no tables. */
export function readForm(accept: string | undefined, { tables = true } = {}): Form {
  if (accept === undefined || accept.trim() === '') return PLAIN
  for (const range of accept.split(',')) {
    const form = formOf(range)
    if (form !== undefined && (tables || form.shape !== 'table')) return form
  }
  throw notAcceptable(AVAILABLE)
}

function formOf(range: string): Form | undefined {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
  const encoding = encodingOf(type.toLowerCase())
  if (encoding === undefined) return undefined
  const values = new Map(parameters.map((one) => one.split('=', 2) as [string, string]))
  const as = values.get('as')
  if (as === undefined) return { shape: 'object', encoding }
  // Discovery has forms of its own; they mean nothing for objects.
  if (as.startsWith('APIGroupDiscovery')) return { shape: 'object', encoding }
  const shape = SHAPES[as]
  if (shape === undefined || values.get('g') !== 'meta.k8s.io' || values.get('v') !== 'v1')
    return undefined
  return { shape, encoding }
}

function encodingOf(type: string): Form['encoding'] | undefined {
  if (type === '*/*' || type === 'application/*' || type === 'application/json')
    return 'application/json'
  return type === 'application/yaml' ? type : undefined
}
