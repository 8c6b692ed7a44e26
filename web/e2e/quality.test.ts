import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { key, leave, shoot, useBrowser, visit } from './browser'
import { claim, makeWorld, suggest, unique } from './world'

const browser = useBrowser()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Every screen, with something on it. */
async function screens(): Promise<[string, string][]> {
  const world = await makeWorld()
  const lease = await claim(world)
  await suggest(lease, world.agentId, unique('Decide'))
  const workflow = `/workflows/${world.workflowId}`
  return [
    ['overview', '/'],
    ['workflows', '/workflows'],
    ['new-workflow', '/workflows/new'],
    ['workflow', workflow],
    ['workflow-list', `${workflow}?view=list`],
    ['workflow-timeline', `${workflow}?view=timeline`],
    ['workflow-activity', `${workflow}?view=activity`],
    ['task', `${workflow}?task=${lease.task.id}`],
    ['inbox', '/inbox'],
    ['agents', '/agents'],
    ['activity', '/activity'],
  ]
}

/** What axe finds that would keep somebody out. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }).axe.run
    const { violations } = await run()
    return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  })
}

async function settle(page: Page) {
  await page.getByRole('heading').first().waitFor()
  await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' })
  await page.waitForFunction(() => document.getAnimations().every((animation) => animation.effect?.getTiming().iterations === Infinity || animation.playState !== 'running'))
}

describe('every screen', () => {
  it('keeps nobody out, in the light and in the dark, and fits a phone', { timeout: 300_000 }, async () => {
    const found: Record<string, unknown> = {}
    for (const [name, path] of await screens()) {
      const at = await visit(browser(), `${path}#key=${key}`, { colorScheme: 'light' })
      await settle(at.page)
      for (const colorScheme of ['light', 'dark'] as const) {
        await at.page.emulateMedia({ colorScheme })
        const kept = await barriers(at.page)
        if (kept.length > 0) found[`${name} ${colorScheme}`] = kept
        await shoot(at.page, `${name}-${colorScheme}`)
      }
      await at.page.setViewportSize({ width: 375, height: 812 })
      const width = await at.page.evaluate(() => document.documentElement.scrollWidth)
      if (width !== 375) found[`${name} phone`] = width
      await shoot(at.page, `${name}-phone`)
      await leave(at)
    }
    expect(found).toEqual({})
  })
})
