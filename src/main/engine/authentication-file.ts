import { type JwtAuthenticator, jwtLimits } from '#apiserver/authentication/jwt/configuration.ts'
import { readAuthentication } from '#apiserver/authentication/jwt/read-configuration.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { OperatorFile } from './operator-file.ts'

/** The issuers that the operator trusts, for the hub and all clusters; none where there is no file. */
export const authenticationFile = (options: { file: string; clock: Clock; log: Logger }) =>
  new OperatorFile<readonly JwtAuthenticator[]>({
    ...options,
    what: 'authentication configuration',
    bytesMax: jwtLimits.configurationBytesMax,
    fallback: [],
    read: readAuthentication,
  })
