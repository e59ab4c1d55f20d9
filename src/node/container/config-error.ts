/** A container cannot be made because of its spec: CreateContainerConfigError, message as given. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
