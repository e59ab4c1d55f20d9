// The request as expressions see it.
import type { Bindings } from '../../cel/environment.ts'
import type { AccessChecker } from '../../cel/functions/authorizer.ts'
import { authorizerValue, requestResourceValue } from '../../cel/functions/authorizer.ts'
import { fromJson } from '../../cel/json-value.ts'
import type { CelType } from '../../cel/types.ts'
import { DYN } from '../../cel/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { UserInfo } from '#base/api-call.ts'
import { serviceAccountUser } from '../../authentication/service-account-user.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import type { ServedResource } from '../../resources.ts'
import type { AdmissionRequest, ObjectReader } from '../plugin.ts'
import { NAMESPACE_TYPE, REQUEST_TYPE } from './policy-environment.ts'

export interface RequestView {
  request: AdmissionRequest
  /** What the request is about, and as what the expression knows it. */
  from: ServedResource
  to: ServedResource
  object: KubeObject | undefined
  old: KubeObject | undefined
}

export interface BindingContext {
  reader: ObjectReader
  authorizer: Authorizer
}

/** Everything but params and variables. */
export function requestBindings(
  { reader, authorizer }: BindingContext,
  view: RequestView,
  objectType: CelType = DYN,
): Bindings {
  const { request, object, old } = view
  const checker = accessChecker(authorizer, request.user)
  const { group, resource, subresource, namespace, name } = request
  return {
    object: object === undefined ? null : () => fromJson(object, objectType),
    oldObject: old === undefined ? null : () => fromJson(old, objectType),
    request: () => fromJson(requestJson(view), REQUEST_TYPE),
    namespaceObject: () => fromJson(namespaceOf(reader, request) ?? null, NAMESPACE_TYPE),
    authorizer: authorizerValue(checker),
    'authorizer.requestResource': requestResourceValue(checker, {
      group,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === '' ? {} : { name }),
    }),
  }
}

function requestJson({ request, from, to }: RequestView): Record<string, unknown> {
  const { user, subresource, objectKind } = request
  const kindOf = ({ group, version, kind }: { group: string; version: string; kind: string }) => ({
    group,
    version,
    kind,
  })
  const resourceOf = ({ group, version, plural }: ServedResource) => ({
    group,
    version,
    resource: plural,
  })
  return {
    kind: kindOf(objectKind ?? to),
    resource: resourceOf(to),
    subResource: subresource ?? '',
    requestKind: kindOf(objectKind ?? from),
    requestResource: resourceOf(from),
    requestSubResource: subresource ?? '',
    name: request.name,
    namespace: request.namespace ?? '',
    operation: request.operation,
    userInfo: {
      username: user.username,
      uid: user.uid ?? '',
      groups: user.groups,
      extra: user.extra ?? {},
    },
    dryRun: request.dryRun,
    options: request.options ?? null,
  }
}

function namespaceOf(reader: ObjectReader, request: AdmissionRequest): KubeObject | undefined {
  const { namespace } = request
  return namespace === undefined ? undefined : reader.get('', 'namespaces', undefined, namespace)
}

function accessChecker(authorizer: Authorizer, user: UserInfo): AccessChecker {
  return {
    check(question, account) {
      const who = account === undefined ? user : serviceAccountUser({ ...account, uid: '' })
      const { verb, path, group = '', resource = '', subresource, namespace, name } = question
      return authorizer.authorize(
        who,
        path === undefined
          ? { type: 'resource', verb, group, version: '*', resource, subresource, namespace, name }
          : { type: 'path', verb, path },
      )
    },
  }
}
