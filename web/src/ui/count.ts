/** "1 task", "3 tasks", "1,200 tasks". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${nounFor(count, noun)}`
}

/** The noun as it stands behind so many. */
export function nounFor(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
