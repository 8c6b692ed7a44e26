import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { live, shoot, useBrowser, visit } from './browser'

const browser = useBrowser()
const program = process.env.WFD_BIN ?? resolve('../bin/wfd')

/** A server of this test's own, with its own data, that can be killed and started again. */
class Server {
  readonly key = `wfd_admin_${randomBytes(16).toString('hex')}`
  readonly #data = mkdtempSync(join(tmpdir(), 'wfd-restart-'))
  readonly #port: number
  #process: ChildProcess | undefined

  constructor(port: number) {
    this.#port = port
    chmodSync(this.#data, 0o755) // the private PostgreSQL of root runs as another user
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`
  }

  async start() {
    const { DATABASE_URL: _, ...env } = process.env
    this.#process = spawn(program, ['serve'], { stdio: 'ignore', env: { ...env, WFD_DATA_DIR: this.#data, PORT: String(this.#port), HOST: '127.0.0.1', ENV: 'development', ADMIN_API_KEY: this.key } })
    await expect.poll(() => fetch(`${this.url}/readyz`).then(({ ok }) => ok, () => false), { timeout: 60_000, interval: 100 }).toBe(true)
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createServer().listen(0, '127.0.0.1', () => {
      const address = socket.address()
      socket.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

it('an open page goes on, without a gap, after its server was killed and started again', { timeout: 180_000 }, async () => {
  const server = new Server(await freePort())
  await server.start()
  const at = await visit(browser(), `/#key=${server.key}`, {}, server.url)
  try {
    await live(at.page)
    const feed = at.page.getByRole('heading', { name: 'Happening now' }).locator('xpath=ancestor::section').getByRole('listitem')
    await server.create('First', 'Second')
    await feed.filter({ hasText: 'Second' }).waitFor()
    await server.kill('SIGKILL')
    await at.page.getByText(/Offline, retry in|Reconnecting/).locator('visible=true').waitFor()
    await at.page.getByText(/No connection since/).waitFor()
    await shoot(at.page, 'server-killed')
    await server.start()
    await server.create('Third', 'Fourth', 'Fifth')
    await feed.filter({ hasText: 'Fifth' }).waitFor()
    await at.page.getByText(/Resumed, \d+ events? caught up|Live/).locator('visible=true').waitFor()
    const { events } = await server.api<{ events: { edges: { node: { id: string; workflow: { name: string } } }[] } }>('{ events(filter: { entityType: { eq: WORKFLOW } }, orderBy: { direction: DESC }, first: 100) { edges { node { id ... on WorkflowEvent { workflow { name } } } } } }')
    const logged = events.edges.map(({ node }) => node.workflow.name)
    const shown = await feed.filter({ hasText: 'created' }).locator('a').allTextContents()
    expect(shown).toEqual(logged)
    expect(shown).toEqual(['Fifth', 'Fourth', 'Third', 'Second', 'First'])
  } finally {
    await at.context.close() // the refused sockets are on the console, rightly
    await server.end()
  }
})
