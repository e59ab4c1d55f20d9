// A mount of a part of a volume, named by `subPath` or by `subPathExpr` and the environment.
import type { VolumeMount } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'
import { expand } from '../container/expand.ts'

function expanded(expression: string, environment: ReadonlyMap<string, string>): string {
  const given = new Map([...environment].filter(([, value]) => value !== ''))
  const missing = (name: string): string => {
    throw new ConfigError(`missing value for "${name}"`)
  }
  return expand(expression, given, missing)
}

/** The path below the volume; undefined for the whole of it. Throws when it would lead elsewhere. */
export function subPathOf(
  mount: Pick<VolumeMount, 'subPath' | 'subPathExpr'>,
  environment: ReadonlyMap<string, string>,
): string | undefined {
  const { subPath, subPathExpr } = mount
  const wanted = subPathExpr ? expanded(subPathExpr, environment) : subPath
  if (!wanted) return undefined
  if (wanted.startsWith('/'))
    throw new ConfigError(`error SubPath \`${wanted}\` must not be an absolute path`)
  if (wanted.split('/').includes('..'))
    throw new ConfigError(`unable to provision SubPath \`${wanted}\`: must not contain '..'`)
  return wanted
}
