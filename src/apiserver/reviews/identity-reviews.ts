import { rfc3339 } from '#base/clock.ts'
import type { SelfSubjectReview, TokenReview } from '#kinds/k8s/authentication.ts'
import { badRequest } from '#base/errors.ts'
import { readBodyAs } from '../subresources/read-body.ts'
import type { ReviewHandler } from './reviews.ts'

const apiVersion = 'authentication.k8s.io/v1'

export const reviewSelf: ReviewHandler = (context, call) => {
  const kind = 'SelfSubjectReview'
  readBodyAs<SelfSubjectReview>(call, {
    kind,
    apiVersion,
    schema: 'io.k8s.api.authentication.v1.SelfSubjectReview',
  })
  return {
    kind,
    apiVersion,
    metadata: { creationTimestamp: rfc3339(context.clock.now()) },
    status: { userInfo: call.user },
  }
}

export const reviewToken: ReviewHandler = async (context, call) => {
  const review = readBodyAs<TokenReview>(call, {
    kind: 'TokenReview',
    apiVersion,
    schema: 'io.k8s.api.authentication.v1.TokenReview',
  })
  const { token, audiences } = review.spec
  if (!token) throw badRequest('token is required for TokenReview in authentication')
  const wanted = audiences === undefined || audiences.length === 0 ? undefined : audiences
  const identity = await context.identifyToken(token, wanted)
  const status =
    identity === undefined
      ? { user: {}, error: 'invalid bearer token' }
      : { authenticated: true, user: identity.user, audiences: identity.audiences }
  return { ...review, status }
}
