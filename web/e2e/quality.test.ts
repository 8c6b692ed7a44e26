import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { key, leave, shoot, useBrowser, visit } from './browser'
import { claim, makeWorld, suggest, unique } from './world'

const browser = useBrowser()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Shown = { workflowId: string; taskId: string }

/** Every screen, by its address. */
const screens: [string, (shown: Shown) => string][] = [
  ['overview', () => '/'],
  ['workflows', () => '/workflows'],
  ['new-workflow', () => '/workflows/new'],
  ['workflow', ({ workflowId }) => `/workflows/${workflowId}`],
  ['workflow-list', ({ workflowId }) => `/workflows/${workflowId}?view=list`],
  ['workflow-board', ({ workflowId }) => `/workflows/${workflowId}?view=board`],
  ['workflow-timeline', ({ workflowId }) => `/workflows/${workflowId}?view=timeline`],
  ['workflow-activity', ({ workflowId }) => `/workflows/${workflowId}?view=activity`],
  ['task', ({ workflowId, taskId }) => `/workflows/${workflowId}?task=${taskId}`],
  ['inbox', () => '/inbox'],
  ['agents', () => '/agents'],
  ['activity', () => '/activity'],
  ['settings', () => '/settings'],
  ['policies', () => '/settings/policies'],
  ['people', () => '/settings/people'],
  ['keys', () => '/settings/keys'],
  ['sessions', () => '/settings/sessions'],
]

let shown: Shown

// Something to see on each of them.
beforeAll(async () => {
  const world = await makeWorld()
  const lease = await claim(world)
  await suggest(lease, world.agentId, unique('Decide'))
  shown = { workflowId: world.workflowId, taskId: lease.task.id }
})

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
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
  await still(page)
}

/** Waits for what moves for a moment: half-way between two themes nothing has the colours that it is given. */
async function still(page: Page) {
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  await page.waitForFunction(() => document.getAnimations().every((animation) => animation.effect?.getTiming().iterations === Infinity || animation.playState !== 'running'))
}

describe.each([...screens, ['sign-in', null] as const])('%s', (name, addressOf) => {
  it('keeps nobody out, in the light and in the dark, and fits a phone', { timeout: 120_000 }, async () => {
    const at = await visit(browser(), addressOf ? `${addressOf(shown)}#key=${key}` : '/', { colorScheme: 'light' })
    await settle(at.page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await at.page.emulateMedia({ colorScheme })
      await still(at.page)
      expect(await barriers(at.page), colorScheme).toEqual([])
      await shoot(at.page, `${name}-${colorScheme}`)
    }
    await at.page.setViewportSize({ width: 375, height: 812 })
    await still(at.page) // a chart takes its new width in the frame behind
    expect(await at.page.evaluate(() => document.documentElement.scrollWidth)).toBe(375)
    await shoot(at.page, `${name}-phone`)
    await leave(at)
  })
})
