import { expect, it } from 'vitest'
import { live, shoot, useBrowser, visit } from './browser'
import { freePort, Server } from './server'

const browser = useBrowser()

it('an open page goes on, without a gap, after its server was killed and started again', { timeout: 180_000 }, async () => {
  const server = new Server(await freePort())
  await server.start()
  const at = await visit(browser(), `/#key=${server.key}`, {}, server.url)
  try {
    await live(at.page)
    const feed = at.page.getByRole('heading', { name: 'Happening now' }).locator('xpath=ancestor::section').getByRole('listitem')
    await server.create('First', 'Second')
    await feed.filter({ hasText: 'Second' }).waitFor()
    await server.kill('SIGKILL')
    await at.page.getByText(/Offline, retry in|Reconnecting/).locator('visible=true').waitFor()
    await at.page.getByText(/No connection since/).waitFor()
    await shoot(at.page, 'server-killed')
    await server.start()
    await server.create('Third', 'Fourth', 'Fifth')
    await feed.filter({ hasText: 'Fifth' }).waitFor()
    await at.page.getByText(/Resumed, \d+ events? caught up|Live/).locator('visible=true').waitFor()
    const { events } = await server.api<{ events: { edges: { node: { id: string; workflow: { name: string } } }[] } }>('{ events(filter: { entityType: { eq: WORKFLOW } }, orderBy: { direction: DESC }, first: 100) { edges { node { id ... on WorkflowEvent { workflow { name } } } } } }')
    const logged = events.edges.map(({ node }) => node.workflow.name)
    const shown = await feed.filter({ hasText: 'created' }).locator('a').allTextContents()
    expect(shown).toEqual(logged)
    expect(shown).toEqual(['Fifth', 'Fourth', 'Third', 'Second', 'First'])
  } finally {
    await at.context.close() // the refused sockets are on the console, rightly
    await server.end()
  }
})
