// Structured log lines: one JSON object a line, so that a log can be searched by field.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Record<string, unknown>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** An error's message with those of its causes, for a log line or a user. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined
    ? error.message
    : `${error.message}: ${describeError(error.cause)}`
}

function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { message: describeError(value), stack: value.stack }
}

/** A logger that hands each finished line (with its newline) to `write`. */
export function lineLogger(options: {
  write: (line: string) => void
  now: () => number
  level: LogLevel
  fields?: LogFields
}): Logger {
  const emit = (level: LogLevel, message: string, fields: LogFields | undefined) => {
    if (ORDER[level] < ORDER[options.level]) return
    const line: LogFields = { time: new Date(options.now()).toISOString(), level, message }
    for (const [key, value] of Object.entries({ ...options.fields, ...fields }))
      line[key] = plain(value)
    options.write(`${JSON.stringify(line)}\n`)
  }
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    child: (fields) => lineLogger({ ...options, fields: { ...options.fields, ...fields } }),
  }
}

/** Says nothing; for tests whose subject is not the log. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
