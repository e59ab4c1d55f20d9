import type { TokenIdentity } from '../context.ts'

/** A kind of bearer token beside those of service accounts. */
export interface TokenSource {
  /**
   * Who it is; undefined when this is no token of theirs, or not a good one. `audiences` are those asked
   * for, undefined when the token is presented to the API server itself.
   */
  identify(
    token: string,
    audiences: readonly string[] | undefined,
  ): Promise<TokenIdentity | undefined>
}
