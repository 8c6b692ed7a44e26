import { expect, it } from 'vitest'
import { key, leave, server, shoot, useBrowser, visit } from './browser'

const browser = useBrowser()

it('shows what happens, as it happens, to who is signed in', async () => {
  const at = await visit(browser(), `/#key=${key}`)
  await at.page.getByRole('status').getByText('Live').waitFor()
  expect(at.page.url()).toBe(`${server}/`)
  const name = `Seen live ${Date.now()}`
  await at.page.evaluate(createWorkflow, { key, name })
  await at.page.getByText(name).first().waitFor()
  await shoot(at.page, 'home')
  await leave(at)
})

it('asks who is not signed in for a key', async () => {
  const at = await visit(browser(), '/', { colorScheme: 'dark' })
  await at.page.getByLabel('API key').waitFor()
  await shoot(at.page, 'home-signed-out-dark')
  await leave(at)
})

it('fits a phone', async () => {
  const at = await visit(browser(), `/#key=${key}`, { viewport: { width: 375, height: 812 } })
  await at.page.getByRole('status').getByText('Live').waitFor()
  expect(await at.page.evaluate(() => document.documentElement.scrollWidth)).toBe(375)
  await shoot(at.page, 'home-phone')
  await leave(at)
})

/** Runs in the page. */
async function createWorkflow({ key, name }: { key: string; name: string }) {
  await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: 'mutation ($name: String!) { createWorkflow(input: { name: $name }) { workflow { id } } }', variables: { name } }),
  })
}
