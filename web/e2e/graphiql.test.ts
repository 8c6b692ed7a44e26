import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { key, leave, shoot, useBrowser, visit } from './browser'
import { makeWorld } from './world'

const browser = useBrowser()
const signedIn = `/graphiql#key=${key}`

async function open(page: Page, tab: string) {
  await page.getByRole('tab', { name: tab }).click()
  await page.locator('.graphiql-query-editor .view-lines', { hasText: tab }).waitFor()
}

async function run(page: Page) {
  await page.getByRole('button', { name: /^Execute query/ }).click()
}

function answer(page: Page, text: string | RegExp) {
  return page.locator('.graphiql-response .view-lines', { hasText: text })
}

/** Makes something happen, and tells whether a page has shown an event. */
async function createAndCount(watching: Page): Promise<number> {
  await makeWorld()
  return answer(watching, '"cursor"').count()
}

function brightness(color: string): number {
  const channels = color.match(/[\d.]+/g)!.slice(0, 3).map(Number)
  return channels.reduce((sum, channel) => sum + channel) / 3
}

describe('GraphiQL', () => {
  it('takes the key out of the address and shows it as a header', async () => {
    const at = await visit(browser(), signedIn)
    await at.page.locator('.graphiql-editor-tool .view-lines', { hasText: `Bearer ${key}` }).waitFor()
    expect(at.page.url()).not.toContain(key)
    await shoot(at.page, 'graphiql')
    await leave(at)
  })

  it('runs every example', async () => {
    const at = await visit(browser(), signedIn)
    for (const [tab, field] of [['CreateWorkflow', 'createWorkflow'], ['ListWorkflows', 'workflows'], ['SuggestionsInbox', 'suggestions'], ['AuditLog', 'events']] as const) {
      await open(at.page, tab)
      await run(at.page)
      await answer(at.page, `"${field}"`).waitFor() // that of the tab before may still be there
      expect(await answer(at.page, '"errors"').count(), tab).toBe(0)
    }
    await leave(at)
  })

  it('streams what happens elsewhere', async () => {
    const watching = await visit(browser(), signedIn)
    await open(watching.page, 'WatchEvents')
    await run(watching.page)
    await expect.poll(() => createAndCount(watching.page), { interval: 1000 }).toBe(1)
    await shoot(watching.page, 'graphiql-subscription')
    await watching.page.getByRole('button', { name: /^Stop/ }).click()
    await leave(watching)
  })

  it('opens the operation of a link beside the examples', async () => {
    const at = await visit(browser(), `/graphiql?query=${encodeURIComponent('query Linked { health { status } }')}#key=${key}`)
    await at.page.locator('.graphiql-query-editor .view-lines', { hasText: 'Linked' }).waitFor()
    await run(at.page)
    await answer(at.page, '"OK"').waitFor()
    expect(await at.page.getByRole('tab').count()).toBe(6)
    await leave(at)
  })

  it('follows the system to the dark', async () => {
    const at = await visit(browser(), signedIn, { colorScheme: 'dark' })
    await at.page.locator('.graphiql-query-editor .view-lines', { hasText: 'CreateWorkflow' }).waitFor()
    await shoot(at.page, 'graphiql-dark')
    const text = await at.page.locator('.graphiql-container').evaluate((element) => getComputedStyle(element).color)
    expect(brightness(text)).toBeGreaterThan(128)
    await leave(at)
  })
})
