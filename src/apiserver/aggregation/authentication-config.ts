// The ConfigMap by which other servers learn whom to believe: kept as it should be, whatever anybody makes of it.
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { ConfigMap } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import { configMaps } from '#kinds/refs.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { ClusterContext, Draft } from '../context.ts'
import { keyFor } from '../resources.ts'
import { create } from '../verbs/create.ts'
import { replace } from '../verbs/replace.ts'
import { FRONT_PROXY_HEADERS, FRONT_PROXY_USER } from './front-proxy.ts'
import { SERVER } from '../server-user.ts'

const NAMESPACE = 'kube-system'
const NAME = 'extension-apiserver-authentication'
const OPTIONS = { dryRun: false, fieldValidation: 'Strict' as const }

export interface Authorities {
  /** PEM of whose client certificates count here. */
  clientAuthorityPem: string | undefined
  /** PEM of whose certificates may say who asks. */
  frontProxyAuthorityPem: string | undefined
}

const list = (...values: string[]): string => JSON.stringify(values)

function wantedData({ clientAuthorityPem, frontProxyAuthorityPem }: Authorities) {
  const { username, uid, group, extraPrefix } = FRONT_PROXY_HEADERS
  return {
    ...(clientAuthorityPem === undefined ? {} : { 'client-ca-file': clientAuthorityPem }),
    ...(frontProxyAuthorityPem === undefined
      ? {}
      : {
          'requestheader-allowed-names': list(FRONT_PROXY_USER),
          'requestheader-client-ca-file': frontProxyAuthorityPem,
          'requestheader-extra-headers-prefix': list(extraPrefix),
          'requestheader-group-headers': list(group),
          'requestheader-uid-headers': list(uid),
          'requestheader-username-headers': list(username),
        }),
  }
}

/** Resolves when it is there. */
export async function keepAuthenticationConfig(
  context: ClusterContext,
  authorities: Authorities,
): Promise<{ close(): Promise<void> }> {
  const { clock, random, log, objects, resources } = context
  const resource = resources.findKind(configMaps.group, configMaps.kind)
  if (resource === undefined) return { close: () => Promise.resolve() }
  const data = wantedData(authorities)
  const key = keyFor(resource, NAMESPACE, NAME)
  const target = { resource, namespace: NAMESPACE, name: NAME, subresource: undefined }
  const made = (): Draft =>
    ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data: { ...data } }) as Draft
  const look = async () => {
    const stored = objects.getAccepted(key)?.object as ConfigMap | undefined
    try {
      if (stored === undefined)
        await create(
          context,
          { user: SERVER },
          { resource, namespace: NAMESPACE, draft: made(), options: OPTIONS },
        )
      else if (!deepEqual(stored.data, data)) {
        const change = ({ object }: { object: KubeObject }): Draft => ({
          ...structuredClone(object),
          data: { ...data },
        })
        await replace(context, { user: SERVER }, { target, dryRun: false, change })
      }
    } catch (error) {
      // Somebody else was quicker: that write brings another look.
      if (!isReason(error, 'AlreadyExists') && !isReason(error, 'NotFound')) throw error
    }
  }
  const queue = new WorkQueue({
    name: `${NAME} of ${context.name}`,
    clock,
    random,
    log,
    reconcile: look,
  })
  await look()
  queue.start()
  const watch = objects.store.watch(key, objects.revision, { events: () => queue.add(NAME) })
  return {
    async close() {
      watch.close()
      await queue.stop()
    },
  }
}
