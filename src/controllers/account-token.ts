// Fills Secrets of type kubernetes.io/service-account-token with a token of the account they name, which
// is good as long as the Secret is there; removes them with the account.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import type { TokenRequest } from '#kinds/k8s/authentication.ts'
import type { Secret, ServiceAccount } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import { secrets as secretKind, serviceAccounts as accountKind } from '#kinds/refs.ts'
import type { RootCaOptions } from './root-ca.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'

const TYPE = 'kubernetes.io/service-account-token'
const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
const ACCOUNT_UID = 'kubernetes.io/service-account.uid'
/** The longest that may be asked for, 136 years: such a token ends with its Secret. */
const EXPIRATION_SECONDS = 2 ** 32
const BY_ACCOUNT = 'account-token-account'

const accountKeyOf = ({ type, metadata }: Secret): string | undefined => {
  const name = metadata.annotations?.[ACCOUNT_NAME]
  return type === TYPE && name ? `${metadata.namespace ?? ''}/${name}` : undefined
}

const indexers = {
  [BY_ACCOUNT]: (secret: Secret): string[] => [accountKeyOf(secret)].flatMap((key) => key ?? []),
}

const encoded = (text: string): string => Buffer.from(text).toString('base64')

export function createAccountTokenController(
  context: ControllerContext,
  { rootCaPem }: RootCaOptions,
): Controller {
  const { client, informers } = context
  const secrets = informers.informer(secretKind, { indexers })
  const accounts = informers.informer(accountKind)
  const controller = keyedController(context, {
    name: 'account-token',
    needs: [secrets, accounts],
    reconcile,
  })
  const secretChanged = (secret: Secret) => {
    if (accountKeyOf(secret) !== undefined) controller.add(keyOf(secret))
  }
  const accountChanged = (account: KubeObject) => {
    for (const secret of secrets.byIndex(BY_ACCOUNT, keyOf(account))) controller.add(keyOf(secret))
  }
  secrets.on({ added: secretChanged, updated: secretChanged })
  accounts.on({ added: accountChanged, deleted: accountChanged })
  return controller

  async function reconcile(key: string): Promise<void> {
    const secret = secrets.get(key)
    const accountKey = secret && accountKeyOf(secret)
    if (!secret || accountKey === undefined || isDeleting(secret)) return
    const account = await newestAccount(client, secret, {
      key: accountKey,
      known: accounts.get(accountKey),
    })
    if (account === undefined) return remove(client, secret)
    const data = {
      'ca.crt': encoded(rootCaPem),
      namespace: encoded(secret.metadata.namespace ?? ''),
      token: secret.data?.['token'] ?? encoded(await newToken(client, account, secret)),
    }
    const uid = account.metadata.uid ?? ''
    const hasAll = Object.entries(data).every(([name, value]) => secret.data?.[name] === value)
    if (hasAll && secret.metadata.annotations?.[ACCOUNT_UID] === uid) return
    await client.resource(secretKind).update({
      ...secret,
      metadata: {
        ...secret.metadata,
        annotations: { ...secret.metadata.annotations, [ACCOUNT_UID]: uid },
      },
      data: { ...secret.data, ...data },
    })
  }
}

/** Undefined when there is none, or another than the one the Secret was filled for. */
async function newestAccount(
  client: Client,
  secret: Secret,
  { key, known }: { key: string; known: ServiceAccount | undefined },
): Promise<ServiceAccount | undefined> {
  const wanted = secret.metadata.annotations?.[ACCOUNT_UID]
  const fits = (account: ServiceAccount) => !wanted || account.metadata.uid === wanted
  if (known !== undefined && fits(known)) return known
  try {
    // Not seen yet is not the same as gone.
    const place = { namespace: secret.metadata.namespace, name: key.slice(key.indexOf('/') + 1) }
    const account = await client.resource(accountKind).get(place)
    return fits(account) ? account : undefined
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function newToken(
  client: Client,
  { metadata }: ServiceAccount,
  secret: Secret,
): Promise<string> {
  const { name, uid } = secret.metadata
  const { status } = await client
    .resource(accountKind)
    .subresource<TokenRequest>('POST', metadata, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        expirationSeconds: EXPIRATION_SECONDS,
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid },
      },
    })
  if (!status?.token) throw new Error(`no token came for the Secret "${keyOf(secret)}"`)
  return status.token
}

async function remove(client: Client, { metadata }: Secret): Promise<void> {
  const { uid = '', resourceVersion = '' } = metadata
  try {
    const preconditions = { uid, resourceVersion }
    await client.resource(secretKind).delete(metadata, { preconditions })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
