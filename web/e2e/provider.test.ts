import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { leave, live, shoot, useBrowser, visit } from './browser'
import { freePort, Server } from './server'

const browser = useBrowser()

/** The OpenID Connect provider of the tests in Go, as a program: it is told whom it signs in, and ends with its input. */
class Provider {
  readonly #process: ChildProcessByStdio<Writable, Readable, null> = spawn('go', ['run', './auth/authtest/provider'], { cwd: '..', stdio: ['pipe', 'pipe', 'inherit'] })
  readonly #lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]()

  async #answer(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the provider has ended')
    return value
  }

  /** Where it is; to be asked once, before anything else. */
  address = () => this.#answer()

  /** Names the person that it signs in from then on; null is nobody. */
  async signsIn(person: object | null) {
    this.#process.stdin.write(`${JSON.stringify(person)}\n`)
    await this.#answer()
  }

  end() {
    this.#process.stdin.end()
  }
}

let provider: Provider
let server: Server

beforeAll(async () => {
  provider = new Provider()
  const port = await freePort()
  server = new Server(port)
  await server.start({
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    OIDC_ISSUER: await provider.address(),
    OIDC_AUDIENCE: 'wfd',
    OIDC_CLIENT_SECRET: 'between us',
    OIDC_ROLES: 'staff=VIEWER,leads=MANAGER',
  })
}, 120_000)

afterAll(async () => {
  provider.end()
  await server.end()
})

/** Opens the page, and presses the button that leads to the provider, which sends the browser back. */
async function signIn() {
  const at = await visit(browser(), '/', {}, server.url)
  const asked = at.page.waitForRequest(/\/authorize\?/)
  await at.page.getByRole('link', { name: 'Sign in with your organisation' }).click()
  await asked
  at.complaints.length = 0 // the provider is another host, and rightly asked
  return at
}

it('people sign in at the provider, and may do what their role there allows', async () => {
  await provider.signsIn({ sub: '1', email: 'ada@example.com', email_verified: true, name: 'Ada', roles: ['leads'] })
  const lead = await signIn()
  await live(lead.page)
  await lead.page.getByText('Ada', { exact: true }).waitFor()
  expect(lead.page.url()).toBe(`${server.url}/`) // the session is nowhere in it
  await lead.page.getByRole('link', { name: 'Workflows', exact: true }).click()
  await lead.page.getByRole('link', { name: 'New workflow' }).first().waitFor()
  await leave(lead)

  await provider.signsIn({ sub: '2', email: 'bob@example.com', email_verified: true, name: 'Bob', roles: ['staff'] })
  const viewer = await signIn()
  await live(viewer.page)
  await viewer.page.getByText('Bob', { exact: true }).waitFor()
  await viewer.page.getByRole('link', { name: 'Workflows', exact: true }).click()
  await viewer.page.getByRole('heading', { name: 'Workflows' }).waitFor()
  expect(await viewer.page.getByRole('link', { name: 'New workflow' }).count()).toBe(0)
  await leave(viewer)
})

it.each([
  ['whom the provider gives no role', { sub: '3', email: 'eve@example.com', email_verified: true, name: 'Eve' }, /no role/],
  ['whom the provider does not sign in', null, /did not sign you in: access_denied/],
])('%s is told so, and can try again', async (_, person, why) => {
  await provider.signsIn(person)
  const at = await signIn()
  await at.page.getByRole('alert').getByText(why).waitFor()
  await shoot(at.page, 'sign-in-refused')
  expect(at.page.url()).toBe(`${server.url}/`)
  await at.page.getByRole('link', { name: 'Sign in with your organisation' }).waitFor()
  await leave(at)
})
