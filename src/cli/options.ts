// Options that several commands share, and how their values are read.
import { type Command, InvalidArgumentError, Option } from 'commander'

/** Every command finds its instance by --data-dir. */
export function withInstance(command: Command): Command {
  return command.option('--data-dir <dir>', 'the data directory of the instance').exitOverride()
}

/** A command that shows something. A wrong format is refused before anything is done. */
export function withOutput(command: Command): Command {
  return withInstance(command).addOption(
    new Option('-o, --output <format>', 'instead of text').choices(['json', 'yaml']),
  )
}

export function integer(range: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < range.min || value > range.max)
      throw new InvalidArgumentError(`a whole number from ${range.min} to ${range.max} is needed.`)
    return value
  }
}

/** For repeatable options: commander hands each value with what came before. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value]

const WAIT_SECONDS_DEFAULT = 120

export const changeOptions = {
  wait: new Option('--no-wait', 'return at once instead of when it is done'),
  timeout: new Option('--timeout <seconds>', 'longest wait')
    .argParser(integer({ min: 1, max: 3600 }))
    .default(WAIT_SECONDS_DEFAULT),
}

/** For the end of a command's help. */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`
