// The parameters that a binding gives to its policy.
import type { ParamKind, ParamRef } from '#kinds/k8s/admissionregistration.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ResourceRegistry, ServedResource } from '../../resources.ts'
import type { ObjectReader } from '../plugin.ts'

/** A policy or binding that is not in order: what comes of it is for the failure policy to say. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

export interface ParamContext {
  resources: ResourceRegistry
  reader: ObjectReader
}

/** Undefined stands for a policy without parameters; an empty list means that it does not apply. */
export function findParams(
  { resources, reader }: ParamContext,
  paramKind: ParamKind | undefined,
  paramRef: ParamRef | undefined,
  requestNamespace: string | undefined,
): readonly (KubeObject | undefined)[] {
  if (paramKind === undefined || paramRef === undefined) return [undefined]
  const resource = resourceOf(resources, paramKind)
  const namespace = namespaceOf(resource, paramRef, requestNamespace)
  const { group, plural } = resource
  const found =
    paramRef.selector === undefined
      ? [reader.get(group, plural, namespace, paramRef.name ?? '')].filter(
          (one) => one !== undefined,
        )
      : reader
          .list(group, plural, namespace)
          .filter(({ metadata }) => matchesLabelSelector(paramRef.selector, metadata.labels))
  if (found.length > 0 || paramRef.parameterNotFoundAction === 'Allow') return found
  throw new ConfigurationError(
    'no params found for policy binding with `Deny` parameterNotFoundAction',
  )
}

function resourceOf(resources: ResourceRegistry, paramKind: ParamKind): ServedResource {
  const { apiVersion = '', kind = '' } = paramKind
  const resource = resources.all().find((one) => one.apiVersion === apiVersion && one.kind === kind)
  if (resource !== undefined) return resource
  throw new ConfigurationError(
    `failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`,
  )
}

function namespaceOf(
  { namespaced }: ServedResource,
  paramRef: ParamRef,
  requestNamespace: string | undefined,
): string | undefined {
  if (!namespaced) {
    if (paramRef.namespace)
      throw new ConfigurationError(
        'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
      )
    return undefined
  }
  const namespace = paramRef.namespace || requestNamespace
  if (namespace) return namespace
  throw new ConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  )
}
