import { defineConfig } from 'vitest/config'

// Two files at a time, each worker with one browser for all of its files: starting one takes longer than most tests.
export default defineConfig({
  test: { include: ['e2e/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2, isolate: false },
})
