// Whose tokens count besides the cluster's own: `AuthenticationConfiguration` of apiserver.config.k8s.io/v1, of which
// issuers of JSON web tokens (OpenID Connect) are supported.

export interface JwtAuthenticator {
  issuer: {
    url: string
    /** Where the discovery document is, if not below `url`. */
    discoveryURL?: string
    /** PEM of the authorities that count; those of the system where there is none. */
    certificateAuthority?: string
    /** One of them must be among the token's. */
    audiences?: string[]
    audienceMatchPolicy?: 'MatchAny'
  }
  claimMappings: {
    username: PrefixedClaim
    groups?: PrefixedClaim
    uid?: ClaimOrExpression
    extra?: { key: string; valueExpression: string }[]
  }
  claimValidationRules?: ClaimRule[]
  userValidationRules?: ExpressionRule[]
}

export interface ClaimOrExpression {
  claim?: string
  expression?: string
}

export interface PrefixedClaim extends ClaimOrExpression {
  /** Put in front of what `claim` gives; must be there with it, and may be empty. */
  prefix?: string
}

export interface ExpressionRule {
  expression: string
  message?: string
}

export interface ClaimRule extends Partial<ExpressionRule> {
  claim?: string
  requiredValue?: string
}

export const AUTHENTICATION_API_VERSION = 'apiserver.config.k8s.io/v1'
export const AUTHENTICATION_KIND = 'AuthenticationConfiguration'

export const jwtLimits = {
  /** Issuers of one configuration, as Kubernetes bounds them. */
  issuersMax: 64,
  configurationBytesMax: 1024 * 1024,
  /** Longer tokens are nobody's. */
  tokenLengthMax: 16 * 1024,
  /** Discovery documents and key sets. */
  documentBytesMax: 1024 * 1024,
  documentTimeoutMs: 10_000,
  /** A key set is asked for again after this, and sooner for a token with a key that it lacks, but not more often. */
  keysAgainMs: 60 * 60_000,
  unknownKeyAgainMs: 10_000,
  /** Of each expression. */
  expressionCostMax: 1_000_000,
  clockToleranceSeconds: 10,
} as const
