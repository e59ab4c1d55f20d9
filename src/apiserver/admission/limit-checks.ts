// What a LimitRange finds wrong with requests and limits, in the words of Kubernetes' LimitRanger.
import type { LimitRangeItem } from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import type { Amounts } from '#kinds/quota/amounts.ts'
import { compareQuantities, isZeroQuantity, parseQuantity } from '#kinds/quantity.ts'

export interface Subject {
  requests: Amounts
  limits: Amounts
}

interface Check {
  name: string
  /** "Container" */
  type: string
  bound: Quantity
  request: Quantity | undefined
  limit: Quantity | undefined
}

const isBelow = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) < 0

function belowMin({ name, type, bound, request, limit }: Check): string | undefined {
  const text = `minimum ${name} usage per ${type} is ${bound}`
  if (request === undefined) return `${text}.  No request is specified`
  if (isBelow(request, bound)) return `${text}, but request is ${request}`
  if (limit !== undefined && isBelow(limit, bound)) return `${text}, but limit is ${limit}`
  return undefined
}

function aboveMax({ name, type, bound, request, limit }: Check): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${bound}`
  if (limit === undefined) return `${text}.  No limit is specified`
  if (isBelow(bound, limit)) return `${text}, but limit is ${limit}`
  if (request !== undefined && isBelow(bound, request)) return `${text}, but request is ${request}`
  return undefined
}

/** Of a claim only what it requests counts. */
function requestAboveMax({ name, type, bound, request }: Check): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${bound}`
  if (request === undefined) return `${text}.  No request is specified`
  return isBelow(bound, request) ? `${text}, but request is ${request}` : undefined
}

function aboveRatio({ name, type, bound, request, limit }: Check): string | undefined {
  const text = `${name} max limit to request ratio per ${type} is ${bound}`
  if (request === undefined || isZeroQuantity(request))
    return `${text}, but no request is specified or request is 0`
  if (limit === undefined || isZeroQuantity(limit))
    return `${text}, but no limit is specified or limit is 0`
  const nanos = (quantity: Quantity) => Number(parseQuantity(quantity).nanos)
  const ratio = nanos(limit) / nanos(request)
  return ratio > nanos(bound) / 1e9
    ? `${text}, but provided ratio is ${ratio.toFixed(6)}`
    : undefined
}

type Bounds = Record<string, Quantity> | undefined
type Rule = readonly [bounds: Bounds, check: (check: Check) => string | undefined]

/** Everything one entry of a LimitRange finds wrong. */
export function limitProblems(item: LimitRangeItem, { requests, limits }: Subject): string[] {
  const isClaim = item.type === 'PersistentVolumeClaim'
  const rules: Rule[] = [
    [item.min, belowMin],
    [item.max, isClaim ? requestAboveMax : aboveMax],
    [isClaim ? undefined : item.maxLimitRequestRatio, aboveRatio],
  ]
  return rules.flatMap(([bounds, check]) =>
    Object.entries(bounds ?? {})
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(
        ([name, bound]) =>
          check({ name, type: item.type, bound, request: requests[name], limit: limits[name] }) ??
          [],
      ),
  )
}
