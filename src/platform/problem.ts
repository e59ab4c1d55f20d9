/** What keeps a service from being as its user wants it, and what only the user or time can mend. */
export interface Problem {
  /** In one word, for conditions and events. */
  reason: string
  /** What is wrong and what to do. */
  message: string
  /** Nobody has to do anything about it, such as a registry that is just starting. */
  isPassing?: boolean
}
