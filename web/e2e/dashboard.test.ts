import type { Route, WebSocketRoute } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { key, leave, live, server, shoot, useBrowser, useEnter, visit } from './browser'
import { api, claim, complete, makeWorld, report, suggest, suggestion, unique } from './world'

const browser = useBrowser()
const enter = useEnter(browser)

describe('signing in', () => {
  it('takes a signed link, and keeps the key out of the address', async () => {
    const at = await enter('/')
    expect(at.page.url()).toBe(`${server}/`)
    await leave(at)
  })

  it('believes no session that another browser began, and says what the provider said', async () => {
    const at = await visit(browser(), '/#key=wfs_stolen_session&nonce=not-ours')
    await at.page.getByText('This sign-in was not begun here').waitFor()
    expect(at.page.url()).toBe(`${server}/`)
    await at.page.goto('about:blank')
    await at.page.goto(`${server}/#error=the+provider+did+not+sign+you+in`)
    await at.page.getByText('The provider did not sign you in').waitFor()
    expect(await at.page.evaluate(() => sessionStorage.getItem('wfd.key'))).toBeNull()
    await leave(at)
  })

  it('asks who has no link for a key, and says when it is not known', async () => {
    const at = await visit(browser(), '/')
    await at.page.getByRole('button', { name: 'Use an API key instead' }).click()
    await at.page.getByLabel('API key').fill('wfk_not_a_key')
    await at.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await at.page.getByRole('alert').waitFor()
    await at.page.getByRole('button', { name: 'Use an API key instead' }).click()
    await at.page.getByLabel('API key').fill(key)
    await at.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await live(at.page)
    await at.context.close() // the refusal is on the console, rightly
  })
})

describe('the form to sign in', () => {
  it('shows once it is known which, so that nobody types into one that goes away', async () => {
    const at = await visit(browser(), '/')
    await at.page.getByLabel('Email').waitFor()
    let held: Route | undefined
    await at.page.route('**/graphql', (route) => void (held = route))
    await at.page.reload()
    await at.page.getByRole('heading', { name: 'Workflow Factory' }).waitFor()
    await expect.poll(() => held).toBeDefined()
    expect(await at.page.getByRole('button', { name: 'Sign in', exact: true }).count()).toBe(0)
    await held!.continue()
    await at.page.getByLabel('Email').waitFor()
    await leave(at)
  })
})

describe('a server that does not answer', () => {
  it('is asked again, without asking for the key', async () => {
    const at = await visit(browser(), '/favicon.svg')
    await at.page.route('**/graphql', (route) => route.abort())
    await at.page.goto(`${server}/#key=${key}`)
    await at.page.getByText('The server does not answer').waitFor()
    await at.page.unroute('**/graphql')
    await live(at.page)
    await at.context.close() // the failed requests are on the console, rightly
  })
})

describe('workflows', () => {
  it('appear, filtered, without a reload', async () => {
    const at = await enter('/workflows')
    const word = unique('Findable')
    await at.page.getByPlaceholder('Find by name').fill(word)
    await at.page.getByText('No workflow matches').waitFor()
    const { name } = await makeWorld(word)
    await at.page.getByRole('link', { name }).waitFor()
    await shoot(at.page, 'workflows')
    await at.page.reload() // the filter is in the address
    await at.page.getByRole('link', { name }).waitFor()
    await leave(at)
  })

  it('are looked for letter by letter, and no letter is lost while the address follows', async () => {
    const at = await enter('/workflows')
    await at.page.addInitScript(() => {
      const { replaceState } = history
      history.replaceState = (...change) => {
        replaceState.apply(history, change)
        if (String(change[2]).endsWith('name=Fin')) document.execCommand('insertText', false, 'd')
      }
    })
    await at.page.reload()
    await at.page.getByPlaceholder('Find by name').focus()
    await at.page.keyboard.type('Fin')
    await at.page.waitForURL((url) => url.searchParams.get('name') === 'Find')
    expect(await at.page.getByPlaceholder('Find by name').inputValue()).toBe('Find')
    await leave(at)
  })

  it('are created from a form, which says what is wrong where it is wrong', async () => {
    const at = await enter('/workflows')
    await at.page.getByRole('link', { name: 'New workflow' }).click()
    const name = unique('Drafted')
    await at.page.getByRole('textbox', { name: 'Name' }).fill(name)
    await at.page.getByRole('textbox', { name: 'Task 1' }).fill('Gather')
    await at.page.getByRole('button', { name: 'Add a task' }).click()
    await at.page.getByRole('button', { name: 'Create' }).click()
    await at.page.getByText('name must not be empty').waitFor()
    expect(await at.page.getByRole('textbox', { name: 'Task 2' }).getAttribute('aria-invalid')).toBe('true')
    await at.page.getByRole('textbox', { name: 'Task 2' }).fill('Sift')
    await shoot(at.page, 'new-workflow')
    await at.page.getByRole('button', { name: 'Create' }).click()
    await at.page.getByRole('heading', { name, level: 1 }).waitFor()
    const graph = at.page.getByRole('region', { name: 'Tasks as a graph' })
    await graph.getByRole('link', { name: 'Gather' }).getByText('Ready').waitFor()
    await graph.getByRole('link', { name: 'Sift' }).getByText('Pending').waitFor()
    await leave(at)
  })

  it('are steered from their page', async () => {
    const { workflowId } = await makeWorld()
    const at = await enter(`/workflows/${workflowId}`)
    await at.page.getByRole('button', { name: 'Pause' }).click()
    await at.page.getByRole('main').getByText('Paused', { exact: true }).waitFor()
    await at.page.getByRole('button', { name: 'Resume' }).click()
    await at.page.getByRole('main').getByText('Running', { exact: true }).waitFor()
    await at.page.getByRole('button', { name: 'Cancel' }).click()
    await at.page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await at.page.getByRole('main').getByText('Cancelled', { exact: true }).first().waitFor()
    await leave(at)
  })

  it('show each task move in the graph', async () => {
    const world = await makeWorld()
    const at = await enter(`/workflows/${world.workflowId}`)
    const card = (name: string) => at.page.getByRole('region', { name: 'Tasks as a graph' }).getByRole('link', { name })
    await card('First step').getByText('Ready').waitFor()
    const lease = await claim(world)
    await report(lease, 40, 'reading')
    await card('First step').getByText('reading').waitFor()
    await shoot(at.page, 'graph')
    for (let step = 0; step < 4; step++) await at.page.getByRole('button', { name: 'Zoom Out' }).click()
    await card('First step').getByText('reading').waitFor({ state: 'detached' }) // nobody could read it
    await card('First step').getByRole('progressbar').waitFor()
    await card('First step').getByText('First step').waitFor()
    await at.page.getByRole('button', { name: 'Fit View' }).click()
    await card('First step').getByText('reading').waitFor()
    await complete(lease, { words: 512 })
    await card('First step').getByText('Completed').waitFor()
    await card('Second step').getByText('Ready').waitFor()
    await at.page.getByText('1 of 3 tasks done').waitFor()
    await at.page.getByRole('link', { name: 'Timeline' }).click()
    await at.page.getByRole('list', { name: 'Attempts of First step' }).getByText(`by ${world.agentName}: completed`).waitFor({ state: 'attached' })
    await shoot(at.page, 'timeline')
    await leave(at)
  })

  it('show in the timeline how long a person is waited for', async () => {
    const world = await makeWorld()
    await suggest(await claim(world), world.agentId, unique('Wait'), { blocking: true })
    const at = await enter(`/workflows/${world.workflowId}?view=timeline`)
    const bar = at.page.getByRole('list', { name: 'Attempts of First step' }).getByRole('listitem').filter({ hasText: 'Waits for a person' })
    const isOpen = () => bar.evaluate(({ offsetLeft, offsetWidth, offsetParent }: HTMLElement) => Math.abs(offsetLeft + offsetWidth - (offsetParent as HTMLElement).clientWidth) < 2)
    await expect.poll(isOpen).toBe(true) // it ends now, where the timeline does
    await shoot(at.page, 'timeline-wait')
    await leave(at)
  })

  it('show a task that was added', async () => {
    const { workflowId } = await makeWorld()
    const at = await enter(`/workflows/${workflowId}?view=list`)
    await at.page.getByRole('link', { name: 'Third step' }).waitFor()
    await api('mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }', { input: { workflowId, name: 'Late step' } })
    await at.page.getByRole('link', { name: 'Late step' }).waitFor()
    await leave(at)
  })
})

describe('a task', () => {
  it('opens beside its workflow, takes a comment, and closes with Escape', async () => {
    const world = await makeWorld()
    const lease = await claim(world)
    const at = await enter(`/workflows/${world.workflowId}?view=list`)
    await at.page.getByRole('link', { name: 'First step' }).click()
    const drawer = at.page.getByRole('dialog', { name: 'Task' })
    await drawer.getByText('"blue"').waitFor()
    await drawer.getByText(world.agentName).first().waitFor()
    await drawer.getByLabel('Comment').fill('Looks right')
    await drawer.getByRole('button', { name: 'Send' }).click()
    await drawer.getByRole('listitem').getByText('Looks right').waitFor()
    await complete(lease, { words: 512 })
    await drawer.getByText('512').waitFor()
    await shoot(at.page, 'task')
    await at.page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await at.page.waitForURL((url) => !url.searchParams.has('task')) // the address follows the screen
    await leave(at)
  })
})

describe('keys', () => {
  it('lead to screens, and then decide nothing', async () => {
    const world = await makeWorld()
    const id = await suggest(await claim(world), world.agentId, unique('Untouched'))
    const at = await enter('/inbox')
    await at.page.getByRole('button', { name: /^Approve/ }).waitFor()
    await at.page.keyboard.press('g')
    await at.page.keyboard.press('a')
    await at.page.getByRole('heading', { name: 'Agents', exact: true }).waitFor()
    expect(await at.page.getByRole('log', { name: 'Decisions' }).textContent()).toBe('')
    expect((await suggestion(id)).status).toBe('PENDING')
    await at.page.keyboard.press('?')
    await at.page.getByLabel('Single keys do something').uncheck()
    await at.page.keyboard.press('Escape')
    await at.page.keyboard.press('g')
    await at.page.keyboard.press('w')
    await at.page.keyboard.press('Control+k') // no single key: it still does something, after those
    await at.page.getByRole('combobox', { name: 'Find' }).waitFor()
    expect(at.page.url()).toContain('/agents')
    await leave(at)
  })

  it('find a task by its name', async () => {
    const { name } = await makeWorld(unique('Sought'))
    const at = await enter('/')
    await at.page.keyboard.press('Control+k')
    await at.page.getByRole('combobox', { name: 'Find' }).fill(name)
    await at.page.getByRole('option', { name }).waitFor()
    await shoot(at.page, 'palette')
    await at.page.keyboard.press('Enter')
    await at.page.getByRole('heading', { name, level: 1 }).waitFor()
    await leave(at)
  })
})

describe('agents and activity', () => {
  it('show who reports for work, and what was done', async () => {
    const at = await enter('/agents')
    const { agentName } = await makeWorld()
    await at.page.getByRole('heading', { name: agentName }).waitFor()
    await shoot(at.page, 'agents')
    await at.page.getByRole('link', { name: 'Activity' }).locator('visible=true').click()
    await at.page.getByRole('button', { name: 'Agents' }).click()
    await at.page.getByRole('listitem').filter({ hasText: agentName }).first().waitFor()
    await shoot(at.page, 'activity')
    await leave(at)
  })
})

describe('a lost connection', () => {
  it('says so, goes on behind the last event, and catches up', async () => {
    const at = await visit(browser(), '/favicon.svg')
    let open = true
    let routes: WebSocketRoute[] = []
    const resumed: unknown[] = []
    await at.page.routeWebSocket('**/graphql', (route) => {
      if (!open) return void route.close({ code: 1012 })
      const upstream = route.connectToServer()
      routes.push(route)
      route.onMessage((message) => {
        const { type, payload } = JSON.parse(String(message))
        if (type === 'connection_init') resumed.push(payload.resume)
        upstream.send(message)
      })
    })
    const { workflowId } = await makeWorld()
    await at.page.goto(`${server}/workflows/${workflowId}?view=activity#key=${key}`)
    await live(at.page)
    const feed = at.page.getByRole('main').getByRole('listitem')
    await api('mutation ($id: ID!) { pauseWorkflow(input: { id: $id }) { cursor } }', { id: workflowId })
    await feed.getByText('paused', { exact: true }).waitFor()

    open = false
    for (const route of routes) await route.close({ code: 1012, reason: 'restart' })
    routes = []
    await at.page.getByText(/Offline|Reconnecting/).locator('visible=true').waitFor()
    await at.page.getByText(/No connection since/).waitFor()
    await shoot(at.page, 'offline')
    await api('mutation ($id: ID!) { resumeWorkflow(input: { id: $id }) { cursor } }', { id: workflowId })

    open = true
    await Promise.all([
      at.page.getByText(/Resumed, \d+ events? caught up/).locator('visible=true').waitFor(), // it says so for a moment
      feed.getByText('resumed', { exact: true }).waitFor(),
    ])
    expect(resumed[0]).toEqual({})
    expect(Object.values(resumed.at(-1) as object)).toEqual([expect.any(String)])
    await at.context.close() // the refused sockets are on the console, rightly
  })
})
