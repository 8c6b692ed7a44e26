import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { budget } from './build/budget.ts'
import { compress } from './build/compress.ts'

const server = process.env.WFD_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [react(), tailwindcss(), budget({ entry: 'index', screen: 'overview', bytes: 170_000 }), compress()],
  build: {
    // The newest thing that we rely on is light-dark() in CSS.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Monaco, which only GraphiQL loads.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: ['index.html', 'graphiql.html'],
      // Hints to a compiler that we do not use, hundreds of them.
      onwarn: (warning, show) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && show(warning),
    },
  },
  worker: { format: 'es' },
  // It imports workers in a way that only Vite itself understands.
  optimizeDeps: { exclude: ['graphiql/setup-workers/vite', '@graphiql/react/setup-workers/vite'] },
  server: { proxy: { '/graphql': { target: server, ws: true } } },
  test: { include: ['src/**/*.test.ts', 'build/**/*.test.ts'] },
})
