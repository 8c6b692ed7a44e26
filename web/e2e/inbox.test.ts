import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { undoWindow } from '../src/screens/outbox'
import { leave, shoot, useBrowser, useEnter } from './browser'
import { api, claim, makeWorld, suggest, suggestion, unique } from './world'

const enter = useEnter(useBrowser())

const item = (page: Page, action: string) => page.getByRole('main').getByRole('button', { name: action })
const gone = (page: Page, action: string) => item(page, action).waitFor({ state: 'detached' })
const chosen = (page: Page, action: string) => page.getByRole('heading', { name: action }).waitFor()
const decisions = (page: Page) => page.getByRole('log', { name: 'Decisions' })

/** Stops the time in which decisions can be taken back: it ends when the returned function is called, however slow the machine. */
async function holdUndo(page: Page) {
  const held = await page.evaluateHandle((undoWindow) => {
    const runs: (() => void)[] = []
    const { setTimeout } = window
    window.setTimeout = ((run: () => void, after?: number) => (after === undoWindow ? runs.push(run) : setTimeout(run, after))) as typeof setTimeout
    return runs
  }, undoWindow)
  return () => held.evaluate((runs) => runs.splice(0).forEach((run) => run()))
}

/** Decides on one as somebody else. */
function decideElsewhere(id: string | undefined, note?: string) {
  const input = { decisions: [{ id, verdict: 'REJECT', note }] }
  return api('mutation ($input: DecideSuggestionsInput!) { decideSuggestions(input: $input) { succeeded } }', { input })
}

/** Asks for some decisions that share a word, by which the inbox is then filtered. */
async function ask(count: number, { kind, more = '' }: { kind?: 'QUESTION'; more?: string } = {}) {
  const world = await makeWorld()
  const lease = await claim(world)
  const word = unique('Ask').replace(' ', '-')
  const actions = Array.from({ length: count }, (_, n) => `${word} no ${String(n + 1).padStart(2, '0')}.${more}`)
  const ids: string[] = []
  for (const action of actions) ids.push(await suggest(lease, world.agentId, action, kind && { kind }))
  return { word, actions, ids, address: `/inbox?action=${word}` }
}

describe('the inbox', () => {
  it('lets twenty suggestions be decided with the keyboard alone', { timeout: 120_000 }, async () => {
    const { actions, ids, address } = await ask(20)
    const at = await enter(address)
    await item(at.page, actions[19]!).waitFor()
    await shoot(at.page, 'inbox')
    const { keyboard } = at.page
    for (const action of actions.slice(0, 14)) {
      await chosen(at.page, action)
      await keyboard.press('a')
      await gone(at.page, action)
    }
    for (const action of actions.slice(14, 17)) {
      await chosen(at.page, action)
      await keyboard.press('r')
      await keyboard.type('Too early')
      await keyboard.press('Enter')
      await gone(at.page, action)
    }
    await chosen(at.page, actions[17]!)
    await keyboard.press('m')
    await at.page.getByLabel('The data to approve instead').waitFor()
    await keyboard.press('Control+a')
    await keyboard.type('{"amount": 2}')
    await at.page.getByRole('region', { name: 'What you change' }).getByText('"amount": 2').waitFor()
    await shoot(at.page, 'inbox-modify')
    await keyboard.press('Control+Enter')
    await gone(at.page, actions[17]!)
    await chosen(at.page, actions[18]!)
    await keyboard.press('x')
    await keyboard.press('j')
    await keyboard.press('x')
    await at.page.getByRole('heading', { name: '2 selected' }).waitFor()
    await keyboard.press('a')
    await gone(at.page, actions[19]!)
    const statuses = async () => {
      const { nodes } = await api<{ nodes: { status: string }[] }>('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Suggestion { status } } }', { ids })
      return nodes.map(({ status }) => status)
    }
    await expect.poll(statuses, { interval: 500 }).toEqual(ids.map((_, n) => (n >= 14 && n < 17 ? 'REJECTED' : 'APPROVED')))
    expect((await suggestion(ids[17]!)).approvedData).toEqual({ amount: 2 })
    expect((await suggestion(ids[14]!)).decisions[0]?.note).toBe('Too early')
    await leave(at)
  })

  it('takes back what was decided, until it is sent', async () => {
    const { actions, ids, address } = await ask(2)
    const at = await enter(address)
    const endUndo = await holdUndo(at.page)
    await chosen(at.page, actions[0]!)
    await at.page.keyboard.press('a')
    await decisions(at.page).getByText(`Approved: ${actions[0]}`).waitFor()
    await shoot(at.page, 'inbox-undo')
    await at.page.keyboard.press('z')
    await item(at.page, actions[0]!).waitFor()
    await decisions(at.page).getByText('Approved').waitFor({ state: 'detached' })
    await chosen(at.page, actions[1]!)
    await at.page.keyboard.press('a')
    await decisions(at.page).getByText(`Approved: ${actions[1]}`).waitFor()
    expect((await suggestion(ids[1]!)).status).toBe('PENDING')
    await endUndo()
    await expect.poll(async () => (await suggestion(ids[1]!)).status).toBe('APPROVED')
    expect((await suggestion(ids[0]!)).status).toBe('PENDING') // its window, too, has passed
    await leave(at)
  })

  it('clears the desk of everybody else, and what somebody is about to decide', async () => {
    const { actions, ids, address } = await ask(3)
    const [one, other] = [await enter(address), await enter(address)]
    const endUndo = await holdUndo(other.page)
    await chosen(one.page, actions[0]!)
    await one.page.keyboard.press('a')
    await item(other.page, actions[1]!).waitFor()
    await gone(other.page, actions[0]!)
    await chosen(other.page, actions[1]!)
    await other.page.keyboard.press('r')
    await other.page.keyboard.press('Enter')
    await gone(other.page, actions[1]!)
    await Promise.all([
      other.page.getByText(`Decided elsewhere: ${actions[1]}`).waitFor(), // it goes away by itself
      decideElsewhere(ids[1], 'by another way'),
    ])
    await gone(one.page, actions[1]!)
    await endUndo()
    expect((await suggestion(ids[1]!)).decisions.map(({ note }) => note)).toEqual(['by another way'])
    await leave(one)
    await leave(other)
  })

  it('stays with what somebody writes about when that is decided elsewhere, and decides nothing else', async () => {
    const { actions, ids, address } = await ask(4)
    const at = await enter(address)
    const { keyboard } = at.page
    const reason = at.page.getByLabel('Why not?')
    const endUndo = await holdUndo(at.page)
    /** Types what would approve and reject, without harm. */
    const typeOn = async () => {
      await keyboard.type(' after a year, rather')
      expect(await decisions(at.page).innerText()).toBe('')
    }
    await chosen(at.page, actions[0]!)
    await keyboard.press('r')
    await keyboard.type('Ask again')
    await decideElsewhere(ids[0])
    await gone(at.page, actions[0]!)
    await typeOn()
    await at.page.getByRole('alert').getByText(/^Decided elsewhere: .+ rejected it\.$/).waitFor()
    await keyboard.press('Enter')
    await chosen(at.page, actions[0]!)
    expect(await reason.inputValue()).toBe('Ask again after a year, rather')
    await shoot(at.page, 'inbox-decided-elsewhere')
    await keyboard.press('Escape')
    await chosen(at.page, actions[1]!)

    await keyboard.press('x')
    await keyboard.press('j')
    await keyboard.press('x')
    await keyboard.press('r')
    await keyboard.type('Not')
    await decideElsewhere(ids[1])
    await at.page.getByRole('alert').getByText(`${actions[1]} is no longer among them`).waitFor()
    await at.page.getByRole('button', { name: 'Reject', exact: true }).waitFor()
    await decideElsewhere(ids[2])
    await at.page.getByRole('alert').getByText('Nothing is left to decide.').waitFor()
    await typeOn()
    expect(await reason.inputValue()).toBe('Not after a year, rather')
    await keyboard.press('Escape')

    await chosen(at.page, actions[3]!)
    const find = at.page.getByLabel('Find by action')
    await find.focus()
    await find.evaluate((field) => field.remove()) // whatever takes a field away under the typing
    await typeOn()
    await endUndo()
    expect((await suggestion(ids[3]!)).status).toBe('PENDING')
    await keyboard.press('Escape')
    await keyboard.press('a')
    await decisions(at.page).getByText(`Approved: ${actions[3]}`).waitFor()
    await leave(at)
  })

  it('sends what was decided when the page is left', async () => {
    const { actions, ids, address } = await ask(1)
    const at = await enter(address)
    await holdUndo(at.page)
    await chosen(at.page, actions[0]!)
    await at.page.keyboard.press('a')
    await decisions(at.page).getByText('Approved').waitFor()
    await at.page.goto('about:blank')
    await expect.poll(async () => (await suggestion(ids[0]!)).status).toBe('APPROVED')
    await leave(at)
  })

  it('sends what was decided before it signs out', async () => {
    const { actions, ids, address } = await ask(1)
    const at = await enter(address)
    await holdUndo(at.page)
    await chosen(at.page, actions[0]!)
    await at.page.keyboard.press('a')
    await at.page.getByRole('button', { name: 'Sign out' }).click()
    await at.page.getByRole('button', { name: 'Use an API key instead' }).waitFor()
    expect((await suggestion(ids[0]!)).status).toBe('APPROVED')
    await leave(at)
  })

  it('answers questions, and is filtered by kind', async () => {
    const { actions, ids, address } = await ask(1, { kind: 'QUESTION' })
    const at = await enter(address)
    await chosen(at.page, actions[0]!)
    await at.page.getByRole('button', { name: 'Actions' }).click()
    await at.page.getByText('Nothing matches').waitFor()
    await at.page.getByRole('button', { name: 'Questions' }).click()
    await chosen(at.page, actions[0]!)
    await at.page.keyboard.press('a')
    await at.page.getByLabel('Your answer').fill('42')
    await at.page.keyboard.press('Control+Enter')
    await expect.poll(async () => (await suggestion(ids[0]!)).answer).toBe(42)
    await leave(at)
  })

  it('approves what a finger pushes to the right', async () => {
    const { actions, ids, address } = await ask(2, { more: ' With a name that no phone has room for.' })
    const at = await enter(address, { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true })
    const box = (await item(at.page, actions[0]!).boundingBox())!
    const touch = await at.context.newCDPSession(at.page)
    const point = (x: number) => ({ touchPoints: [{ x, y: box.y + box.height / 2 }] })
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', ...point(120) })
    for (const x of [140, 180, 220, 260]) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', ...point(x) })
    await shoot(at.page, 'inbox-swipe')
    const [undoEndsAt] = await Promise.all([
      decisions(at.page).getByRole('button', { name: /^Undo/ }).evaluate((button) => button.getBoundingClientRect().right),
      decisions(at.page).getByText(`Approved: ${actions[0]}`).waitFor(),
      touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] }),
    ])
    expect(undoEndsAt).toBeLessThan(375) // whatever the length of the name
    await expect.poll(async () => (await suggestion(ids[0]!)).status).toBe('APPROVED')
    expect((await suggestion(ids[1]!)).status).toBe('PENDING')
    await leave(at)
  })
})
