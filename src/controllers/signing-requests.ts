// What the controllers of requests for certificates have in common.
import type { ReconcileResult } from '#base/work-queue.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { certificateSigningRequests } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'

/** Looks at each request when it comes and when it changes. */
export function signingRequestController(
  context: ControllerContext,
  name: string,
  reconcile: (request: CertificateSigningRequest) => Promise<ReconcileResult>,
): Controller {
  const requests = context.informers.informer(certificateSigningRequests)
  const controller = keyedController(context, {
    name,
    needs: [requests],
    reconcile: async (key) => {
      const request = requests.get(key)
      return request === undefined ? undefined : reconcile(request)
    },
  })
  const changed = ({ metadata }: CertificateSigningRequest) => controller.add(metadata.name)
  requests.on({ added: changed, updated: changed })
  return controller
}

export const hasCondition = ({ status }: CertificateSigningRequest, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type)

export const requestPemOf = ({ spec }: CertificateSigningRequest): string =>
  Buffer.from(spec.request, 'base64').toString('latin1')
