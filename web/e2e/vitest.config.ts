import { defineConfig } from 'vitest/config'

// What is waited for may take as long here as it may in Playwright: a second, which Vitest gives it, is less than a busy machine needs for an answer.
// Two files at a time, each worker with one browser for all of its files: starting one takes longer than most tests.
export default defineConfig({
  test: { include: ['e2e/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2, isolate: false, expect: { poll: { timeout: 30_000 } } },
})
