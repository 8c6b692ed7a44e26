import type { Page, Route } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { leave, shoot, useBrowser, useEnter } from './browser'
import { api, claim, complete, makeWorld, taskStatus, type World } from './world'

const enter = useEnter(useBrowser())

const board = ({ workflowId }: World) => `/workflows/${workflowId}?view=board`
const column = (page: Page, name: string) => page.getByRole('region', { name: new RegExp(`^${name}, \\d`) })
const card = (page: Page, name: string) => page.getByRole('region', { name: 'Board' }).getByRole('link', { name })
const spot = (page: Page, agent: string) => page.getByRole('group', { name: /reserve/ }).getByText(agent)

/** Waits until that was said. A board listens for the next key only after a timer that runs out at once: a person cannot be quicker, but we are. */
async function said(page: Page, text: string | RegExp) {
  await page.locator('[aria-live=assertive]', { hasText: text }).waitFor({ state: 'attached' })
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)))
}

/** Opens a world's board once all of it is there: the agents above the columns push these down. */
async function enterBoard(world: World) {
  const at = await enter(board(world))
  await spot(at.page, world.agentName).waitFor()
  return at
}

/** Drags a card onto something with the mouse, and holds it there until the board has seen it: who lets go sooner drops it where it was seen last. */
async function drag(page: Page, name: string, onto: ReturnType<typeof column>, place: string) {
  const [from, to] = [(await card(page, name).boundingBox())!, (await onto.boundingBox())!]
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
  await page.mouse.down()
  await page.mouse.move(from.x + from.width / 2 + 10, from.y + from.height / 2 + 10)
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 4 })
  await page.mouse.move(to.x + to.width / 2 + 1, to.y + to.height / 2)
  await said(page, new RegExp(`^${name} is over ${place}[.,]`))
}

describe('the board', () => {
  it('skips, cancels and reserves what is dragged there, and dims where it may not go', async () => {
    const world = await makeWorld()
    const at = await enterBoard(world)
    await drag(at.page, 'Third step', column(at.page, 'Skipped'), 'Skipped')
    expect(await column(at.page, 'Completed').getAttribute('data-dim')).toBe('true')
    expect(await column(at.page, 'Skipped').getAttribute('data-over')).toBe('true')
    await shoot(at.page, 'board-dragging')
    await at.page.mouse.up()
    await column(at.page, 'Skipped').getByText('Third step').waitFor()
    await drag(at.page, 'Second step', spot(at.page, world.agentName), world.agentName)
    await at.page.mouse.up()
    await card(at.page, 'Second step').getByText(world.agentName).waitFor()
    await drag(at.page, 'First step', column(at.page, 'Completed'), 'Completed')
    await at.page.mouse.up()
    await said(at.page, 'First step stays where it was')
    await column(at.page, 'Ready').getByText('First step').waitFor()
    await drag(at.page, 'First step', column(at.page, 'Cancelled'), 'Cancelled')
    await at.page.mouse.up()
    await column(at.page, 'Cancelled').getByText('First step').waitFor()
    await expect.poll(() => taskStatus(world, 'First step')).toBe('CANCELLED')
    expect(await taskStatus(world, 'Third step')).toBe('SKIPPED')
    await leave(at)
  })

  it('is moved with the keyboard alone, and tells what happens', async () => {
    const world = await makeWorld()
    const at = await enterBoard(world)
    await card(at.page, 'Third step').focus()
    await at.page.keyboard.press('Space')
    await said(at.page, 'Third step is over Pending, where it cannot go.')
    await at.page.keyboard.press('ArrowRight')
    await said(at.page, 'Third step is over Cancelled.')
    await at.page.keyboard.press('ArrowRight')
    await said(at.page, 'Third step is over Skipped.')
    await at.page.keyboard.press('Space')
    await said(at.page, 'Dropped Third step on Skipped.')
    await column(at.page, 'Skipped').getByText('Third step').waitFor()
    await expect.poll(() => taskStatus(world, 'Third step')).toBe('SKIPPED')
    await at.page.keyboard.press('Space') // the focus went with it
    await said(at.page, 'Third step is over Skipped, where it cannot go.')
    await at.page.keyboard.press('ArrowRight')
    await said(at.page, 'Third step is over Pending.')
    await at.page.keyboard.press('Space')
    await expect.poll(() => taskStatus(world, 'Third step')).toBe('PENDING')
    await column(at.page, 'Pending').getByText('Third step').waitFor()
    await card(at.page, 'Third step').focus()
    await at.page.keyboard.press('Enter')
    await at.page.getByRole('dialog', { name: 'Task' }).getByRole('heading', { name: 'Third step' }).waitFor()
    await leave(at)
  })

  it('shows a move before the server has agreed, and takes it back when it refuses', async () => {
    const world = await makeWorld()
    const lease = await claim(world)
    const at = await enterBoard(world)
    let held: Route | undefined
    await at.page.route('**/graphql', (route) => {
      if (route.request().postData()?.includes('CancelTask')) held = route
      else void route.continue()
    })
    await drag(at.page, 'First step', column(at.page, 'Cancelled'), 'Cancelled')
    await at.page.mouse.up()
    await column(at.page, 'Cancelled').getByText('First step').waitFor()
    expect(await taskStatus(world, 'First step')).toBe('IN_PROGRESS')
    await complete(lease, {}) // meanwhile it was done
    await expect.poll(() => held).toBeDefined()
    await Promise.all([
      at.page.getByText(/cannot become CANCELLED/).waitFor(), // it goes away by itself
      column(at.page, 'Completed').getByText('First step').waitFor(),
      held!.continue(),
    ])
    await leave(at)
  })

  it('lets a role that may only look drag nothing', async () => {
    const world = await makeWorld()
    const { createApiKey } = await api<{ createApiKey: { secret: string } }>('mutation { createApiKey(input: { name: "viewer", role: VIEWER }) { secret } }')
    const at = await enter(board(world), {}, createApiKey.secret)
    await card(at.page, 'First step').waitFor()
    expect(await card(at.page, 'First step').getAttribute('aria-roledescription')).toBeNull()
    expect(await at.page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
    await leave(at)
  })
})
