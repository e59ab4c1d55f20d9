// Converts custom objects between the versions of their kind by asking the webhook of their definition.
import { StatusError } from '#base/errors.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ClusterContext } from '../../context.ts'
import { apiLimits } from '../../limits.ts'
import { callWebhook } from '../../outgoing/call-webhook.ts'
import type { Conversion } from '../../resources.ts'
import {
  checkedObject,
  conversionReview,
  readConverted,
  reviewVersion,
} from './conversion-review.ts'

export type ConversionContext = Pick<ClusterContext, 'objects' | 'random' | 'outgoing'>

/** Undefined where versions differ in nothing but their name. */
export function webhookConversion(
  context: ConversionContext,
  { spec }: CustomResourceDefinition,
): Conversion['convert'] | undefined {
  const { conversion } = spec
  if (conversion?.strategy !== 'Webhook' || conversion.webhook === undefined) return undefined
  const { clientConfig = {}, conversionReviewVersions } = conversion.webhook
  const ask = async (objects: readonly KubeObject[], apiVersion: string): Promise<KubeObject[]> => {
    const version = reviewVersion(conversionReviewVersions)
    const uid = context.random.uuid()
    const question = { uid, desiredAPIVersion: apiVersion, objects }
    const answer = await callWebhook(context, clientConfig, {
      review: conversionReview(version, question),
      timeoutMs: apiLimits.conversionTimeoutMs,
    }).catch(failed)
    const converted = readAnswer(answer, { version, uid })
    if (converted.length !== objects.length)
      throw new Error(`returned ${converted.length} objects, expected ${objects.length}`)
    return converted.map((one, at) => {
      const index = objects.length === 1 ? undefined : at
      return checkedObject(one, { original: objects[at]!, apiVersion, index })
    })
  }
  return async (objects, apiVersion) => {
    const others = objects.filter((one) => one.apiVersion !== apiVersion)
    const converted: KubeObject[] = []
    for (let at = 0; at < others.length; at += apiLimits.conversionObjectsMax) {
      const batch = others.slice(at, at + apiLimits.conversionObjectsMax)
      converted.push(...(await ask(batch, apiVersion).catch(told(batch[0]!))))
    }
    return objects.map((one) => (one.apiVersion === apiVersion ? one : converted.shift()!))
  }
}

function failed(error: unknown): never {
  throw new Error(`failed: ${(error as Error).message}`, { cause: error })
}

function readAnswer(answer: unknown, asked: { version: string; uid: string }): unknown[] {
  try {
    return readConverted(answer, asked)
  } catch (error) {
    return failed(error)
  }
}

/** Kubernetes answers what a conversion fails at as an error without a reason. */
const told =
  ({ apiVersion, kind }: KubeObject) =>
  (error: unknown): never => {
    const message = `conversion webhook for ${apiVersion}, Kind=${kind} ${(error as Error).message}`
    throw new StatusError('Unknown', message, { cause: error })
  }
