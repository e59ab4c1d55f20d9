import { PathNotFoundError } from './api-errors.ts'
import type { Outcome } from './context.ts'

// A cluster that answers has its storage open; checks that can fail come with the parts they check.
const CHECKS = ['ping', 'storage']

export function health(parts: readonly string[], query: URLSearchParams): Outcome {
  const [endpoint, check] = parts
  if (check !== undefined && !CHECKS.includes(check)) throw new PathNotFoundError()
  if (check !== undefined || !query.has('verbose')) return text('ok')
  const lines = CHECKS.map((one) => `[+]${one} ok\n`)
  return text(`${lines.join('')}${endpoint ?? ''} check passed\n`)
}

const text = (value: string): Outcome => ({
  type: 'document',
  status: 200,
  contentType: 'text/plain; charset=utf-8',
  text: value,
})
