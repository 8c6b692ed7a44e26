import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { leave, shoot, useBrowser, useEnter } from './browser'
import { api, claim, fail, log, makeWorld, taskStatus, unique } from './world'

const enter = useEnter(useBrowser())

async function workflowStatuses(word: string): Promise<string[]> {
  const { workflows } = await api<{ workflows: { edges: { node: { status: string } }[] } }>('query ($word: String!) { workflows(filter: { name: { contains: $word } }) { edges { node { status } } } }', { word })
  return workflows.edges.map(({ node }) => node.status)
}

describe('many workflows', () => {
  it('are cancelled at once, after they were counted, with an outcome for each', async () => {
    const word = unique('Bulk').replace(' ', '-')
    for (let n = 0; n < 3; n++) await makeWorld(word)
    const at = await enter(`/workflows?name=${word}&status=%5B%22RUNNING%22%5D`)
    await at.page.getByRole('checkbox', { name: new RegExp(`Select ${word}`) }).first().check()
    await at.page.getByRole('button', { name: 'Select all 3 matching' }).click()
    await at.page.getByRole('group', { name: 'With the selected' }).getByRole('button', { name: 'Cancel' }).click()
    const dialog = at.page.getByRole('dialog')
    await dialog.getByRole('heading', { name: 'Cancel 3 workflows' }).waitFor()
    await shoot(at.page, 'bulk')
    await dialog.getByRole('button', { name: 'Cancel 3 workflows' }).click()
    await dialog.getByText('3 done of 3 workflows').waitFor()
    await at.page.getByText('No workflow matches').waitFor() // the list is empty now, how it went still stands
    expect(await dialog.getByRole('list', { name: 'How it went' }).getByRole('listitem').count()).toBe(3)
    await dialog.getByRole('button', { name: 'Close' }).click()
    expect(await workflowStatuses(word)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED'])
    await leave(at)
  })

  it('are found again by a saved view', async () => {
    const at = await enter('/workflows?status=%5B%22FAILED%22%5D&name=nothing-has-this-name')
    await at.page.getByRole('button', { name: 'Save this view' }).click()
    await at.page.getByRole('textbox', { name: 'Name of the view' }).fill('Broken')
    await at.page.keyboard.press('Enter')
    await at.page.goto('about:blank')
    await at.page.goBack()
    await at.page.getByRole('link', { name: 'Workflows' }).locator('visible=true').first().click()
    await at.page.getByRole('group', { name: 'Saved views' }).getByRole('link', { name: 'Broken' }).click()
    await at.page.getByText('No workflow matches').waitFor()
    expect(await at.page.getByRole('button', { name: 'Failed' }).getAttribute('aria-pressed')).toBe('true')
    await leave(at)
  })
})

describe('many tasks', () => {
  it('are cancelled and done again together', async () => {
    const world = await makeWorld()
    for (const name of ['Left', 'Right']) await api('mutation ($input: CreateTaskInput!) { createTask(input: $input) { cursor } }', { input: { workflowId: world.workflowId, name, requiredCapabilities: [world.capability] } })
    const at = await enter(`/workflows/${world.workflowId}?view=list`)
    const selected = at.page.getByRole('group', { name: 'With the selected' })
    const dialog = at.page.getByRole('dialog')
    const all = async (status: string | undefined) => expect.poll(async () => [await taskStatus(world, 'Left'), await taskStatus(world, 'Right')]).toEqual([status, status])
    await at.page.getByRole('checkbox', { name: 'Select Left' }).check()
    await at.page.getByRole('checkbox', { name: 'Select Right' }).check()
    await selected.getByRole('button', { name: 'Cancel' }).click()
    await dialog.getByRole('button', { name: 'Cancel 2 tasks' }).click()
    await dialog.getByText(/done/).waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await all('CANCELLED')
    await at.page.getByRole('checkbox', { name: 'Select all' }).check()
    await selected.getByRole('button', { name: 'Retry' }).click()
    await dialog.getByRole('button', { name: 'Retry 2 tasks' }).click()
    await dialog.getByText('2 done of 2 tasks').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await all('READY')
    await leave(at)
  })
})

describe('an agent', () => {
  it('is drained and let work again', async () => {
    const { agentName, agentId } = await makeWorld()
    const at = await enter('/agents')
    const draining = async () => (await api<{ agent: { draining: boolean } }>('query ($id: ID!) { agent(id: $id) { draining } }', { id: agentId })).agent.draining
    await at.page.getByRole('button', { name: `Drain ${agentName}` }).click()
    await at.page.getByRole('button', { name: `Resume ${agentName}` }).waitFor()
    await expect.poll(draining).toBe(true)
    await at.page.getByRole('button', { name: `Resume ${agentName}` }).click()
    await expect.poll(draining).toBe(false)
    await leave(at)
  })
})

describe('a task', () => {
  it('shows its log as it is written, and is done again with another input', async () => {
    const world = await makeWorld()
    const lease = await claim(world)
    await log(lease, 'reading the first page')
    const at = await enter(`/workflows/${world.workflowId}?task=${lease.task.id}`)
    const drawer = at.page.getByRole('dialog', { name: 'Task' })
    const lines = drawer.getByRole('log', { name: 'Log' })
    await lines.getByText('reading the first page').waitFor()
    await log(lease, 'reading the second page')
    await lines.getByText('reading the second page').waitFor()
    await drawer.getByText(`${world.agentName}, lease ends`).waitFor()
    await fail(lease, 'no such page')
    await drawer.getByText('no such page').first().waitFor()
    await drawer.getByRole('button', { name: 'Retry with…' }).click()
    await at.page.getByRole('textbox', { name: 'Input' }).fill('{"colour": "green"}')
    await at.page.getByRole('region', { name: 'What you change' }).getByText('"green"').waitFor()
    await shoot(at.page, 'retry-with')
    await at.page.getByRole('dialog', { name: 'Retry with another input' }).getByRole('button', { name: 'Retry' }).click()
    await drawer.getByText('"green"').waitFor()
    expect(await taskStatus(world, 'First step')).toBe('READY')
    await leave(at)
  })

  it('calls on an agent and on a person in a comment', async () => {
    const world = await makeWorld()
    const { task } = await claim(world)
    const person = unique('Grace').replace(' ', '')
    await api('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', { input: { name: person, email: `${person}@example.com`.toLowerCase(), role: 'VIEWER' } })
    const at = await enter(`/workflows/${world.workflowId}?task=${task.id}`)
    const drawer = at.page.getByRole('dialog', { name: 'Task' })
    const comment = drawer.getByRole('textbox', { name: 'Comment' })
    const choices = drawer.getByRole('list', { name: 'Whom to call on' })
    await comment.fill('Look here, @agent')
    await choices.getByRole('button').first().click()
    await expect.poll(() => comment.evaluate((field) => field === document.activeElement)).toBe(true)
    await at.page.keyboard.type(`and @${person.slice(0, -1)}`)
    await choices.getByRole('button', { name: `@${person}` }).click()
    await drawer.getByRole('button', { name: 'Send' }).click()
    await drawer.getByText(new RegExp(`^calls on .*${person}`)).waitFor()
    await leave(at)
  })

  it('is added to a workflow that runs', async () => {
    const world = await makeWorld()
    const at = await enter(`/workflows/${world.workflowId}`)
    await at.page.getByRole('button', { name: 'Task', exact: true }).click()
    const form = at.page.getByRole('dialog', { name: 'Add a task' })
    await form.getByRole('button', { name: 'Add', exact: true }).click()
    await form.getByText('name must not be empty').waitFor()
    await form.getByRole('textbox', { name: 'Name' }).fill('Thank everybody')
    await form.getByRole('textbox', { name: 'Input' }).fill('{"how": "by mail"}')
    await form.getByRole('button', { name: 'Third step' }).click()
    await shoot(at.page, 'add-task')
    await form.getByRole('button', { name: 'Add', exact: true }).click()
    await at.page.getByRole('region', { name: 'Tasks as a graph' }).getByRole('link', { name: 'Thank everybody' }).getByText('Pending').waitFor()
    await leave(at)
  })
})

/** Draws from the handle of one card to another card. */
async function draw(page: Page, from: string, to: string) {
  const card = (name: string) => page.locator('.react-flow__node', { hasText: name })
  const [begin, end] = [(await card(from).locator('.source').boundingBox())!, (await card(to).locator('.target').boundingBox())!]
  await page.mouse.move(begin.x + begin.width / 2, begin.y + begin.height / 2)
  await page.mouse.down()
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 8 })
  await page.mouse.up()
}

describe('the builder', () => {
  it('ties tasks by drawing, refuses circles, and begins from a workflow that exists', async () => {
    const world = await makeWorld(unique('Model'))
    const at = await enter(`/workflows/${world.workflowId}`)
    await at.page.getByRole('link', { name: 'New workflow like this one' }).click()
    await at.page.getByRole('textbox', { name: 'Task 3' }).waitFor()
    const graph = at.page.getByRole('region', { name: 'Draft as a graph' })
    const ties = graph.locator('.react-flow__edge')
    await expect.poll(() => ties.count()).toBe(2)
    await draw(at.page, 'First step', 'Third step')
    await expect.poll(() => ties.count()).toBe(3)
    await draw(at.page, 'Third step', 'First step')
    await at.page.getByText('That would be a circle').waitFor()
    expect(await ties.count()).toBe(3)
    await graph.getByRole('group', { name: 'Second step waits for First step' }).or(graph.getByLabel('Second step waits for First step')).first().focus()
    await at.page.keyboard.press('Enter')
    await at.page.keyboard.press('Delete')
    await expect.poll(() => ties.count()).toBe(2)
    await shoot(at.page, 'builder')
    await at.page.getByRole('button', { name: 'Create' }).click()
    await at.page.getByRole('heading', { name: `${world.name}, again`, level: 1 }).waitFor()
    const created = at.page.getByRole('region', { name: 'Tasks as a graph' })
    await created.getByRole('link', { name: 'Second step' }).getByText('Ready').waitFor()
    await created.getByRole('link', { name: 'Third step' }).getByText('Pending').waitFor()
    await leave(at)
  })
})

describe('all that failed', () => {
  it('is done again at once', async () => {
    const world = await makeWorld()
    await fail(await claim(world), 'broken')
    const at = await enter('/')
    await at.page.getByRole('button', { name: 'Retry all' }).click()
    const dialog = at.page.getByRole('dialog')
    await dialog.getByRole('button', { name: /^Retry \d+ failed tasks?$/ }).click()
    await dialog.getByText(/done/).first().waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await expect.poll(() => taskStatus(world, 'First step')).toBe('READY')
    await shoot(at.page, 'overview')
    await leave(at)
  })
})
