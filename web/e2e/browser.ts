import { mkdirSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { beforeAll, expect } from 'vitest'

/** The running server, and a key of it that may do everything. `make e2e` sets both. */
export const server = required('WFD_URL').replace(/\/$/, '')
export const key = required('WFD_KEY')

const shots = process.env.WFD_SHOTS

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: WFD_URL=http://127.0.0.1:8000 WFD_KEY=… npm run e2e`)
  return value
}

let launched: Promise<Browser> | undefined

/** The browser of this worker, which ends with it. */
export function useBrowser(): () => Browser {
  let browser: Browser
  beforeAll(async () => {
    browser = await (launched ??= chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    }))
  })
  return () => browser
}

export type Visit = {
  page: Page
  context: BrowserContext
  /** What went wrong so far: errors on the console, exceptions, and requests to any other host. */
  complaints: string[]
}

/** Opens a path in a new, empty browser profile; of the server of all tests, or of another. */
export async function visit(browser: Browser, path: string, options: Parameters<Browser['newContext']>[0] = {}, host = server): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('request', (request) => isForeign(request.url(), host) && complaints.push(`foreign: ${request.url()}`))
  page.on('websocket', (socket) => isForeign(socket.url(), host) && complaints.push(`foreign: ${socket.url()}`))
  await page.goto(host + path)
  return { page, context, complaints }
}

/** What opens a screen, signed in with the key that may do everything or with another, and waits until it is live. */
export function useEnter(browser: () => Browser) {
  return async (path: string, options: Parameters<typeof visit>[2] = {}, as = key): Promise<Visit> => {
    const at = await visit(browser(), `${path}#key=${as}`, options)
    await live(at.page)
    return at
  }
}

export function live(page: Page) {
  return page.getByRole('status', { name: 'Connection' }).getByText('Live').locator('visible=true').waitFor()
}

function isForeign(address: string, host: string): boolean {
  const url = new URL(address)
  return !['data:', 'blob:'].includes(url.protocol) && url.host !== new URL(host).host
}

/** Ends a visit that must have gone without complaint. */
export async function leave({ context, complaints }: Visit) {
  await context.close()
  expect(complaints).toEqual([])
}

/** Keeps a picture in the folder WFD_SHOTS, when it is set. */
export async function shoot(page: Page, name: string) {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: `${shots}/${name}.png` })
}
