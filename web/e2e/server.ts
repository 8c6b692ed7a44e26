import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, vi } from 'vitest'

const program = process.env.WFD_BIN ?? resolve('../bin/wfd')

/** A server of this test's own, with its own data, that can be killed and started again. */
export class Server {
  readonly key = `wfd_admin_${randomBytes(16).toString('hex')}`
  readonly #data = mkdtempSync(join(tmpdir(), 'wfd-e2e-'))
  readonly #port: number
  #process: ChildProcess | undefined

  constructor(port: number) {
    this.#port = port
    chmodSync(this.#data, 0o755) // the private PostgreSQL of root runs as another user
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Starts it, with settings beside those that every server of a test has, and waits until it is ready. */
  async start(settings: Record<string, string> = {}) {
    const { DATABASE_URL: _, ...env } = process.env
    this.#process = spawn(program, ['serve'], { stdio: 'ignore', env: { ...env, WFD_DATA_DIR: this.#data, PORT: String(this.#port), HOST: '127.0.0.1', ENV: 'development', ADMIN_API_KEY: this.key, ...settings } })
    await vi.waitFor(async () => expect((await fetch(`${this.url}/readyz`)).ok).toBe(true), { timeout: 60_000, interval: 100 })
  }

  async kill(signal: NodeJS.Signals) {
    const gone = new Promise<void>((resolve) => void this.#process?.once('exit', () => resolve()))
    this.#process?.kill(signal)
    await gone
  }

  async end() {
    await this.kill('SIGTERM')
    rmSync(this.#data, { recursive: true, force: true })
  }

  async api<Data>(query: string, variables = {}): Promise<Data> {
    const response = await fetch(`${this.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${this.key}` }, body: JSON.stringify({ query, variables }) })
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }

  async create(...names: string[]) {
    for (const name of names) await this.api('mutation ($name: String!) { createWorkflow(input: { name: $name }) { cursor } }', { name })
  }
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createServer().listen(0, '127.0.0.1', () => {
      const address = socket.address()
      socket.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
