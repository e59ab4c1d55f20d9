// What keeps ccs from working, in words for people.

export interface Problem {
  /** What was found, with its culprit by name. */
  what: string
  /** The command or step that mends it. */
  mend: string
}

export const renderProblems = (problems: readonly Problem[]): string =>
  problems.map(({ what, mend }) => `  - ${what}\n    ${mend}`).join('\n')
