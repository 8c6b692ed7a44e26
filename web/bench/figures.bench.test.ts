import type { CDPSession, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { key, live, server, useBrowser, visit } from '../e2e/browser'
import { api, unique } from '../e2e/world'

// Figures, not tests: they say how quick it is on this machine. Run them on a quiet one, against a server with RATE_PER_SECOND=0.

const browser = useBrowser()

const seconds = 10
const taskCount = 200
const eventsPerSecond = 1000
const leasesAtOnce = 100

/** A workflow of so many tasks, all but the first few of them held by one agent. */
async function heldTasks(): Promise<{ workflowId: string; agentId: string; tokens: string[] }> {
  const roots = 20
  const key = (n: number) => `t${n}`
  const first = Array.from({ length: 100 }, (_, n) => ({ key: key(n), name: `Task ${n + 1}`, dependsOn: n < roots ? [] : [key(n % roots)] }))
  const { createWorkflow } = await api<{ createWorkflow: { workflow: { id: string; tasks: { edges: { node: { id: string } }[] } } } }>(
    'mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id tasks(orderBy: { field: CREATED_AT }, first: 100) { edges { node { id } } } } } }',
    { input: { name: unique('Two hundred'), start: true, tasks: first } },
  )
  const { id: workflowId, tasks } = createWorkflow.workflow
  for (let n = first.length; n < taskCount; n++) {
    await api('mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }', { input: { workflowId, name: `Task ${n + 1}`, dependsOn: [tasks.edges[n % roots]!.node.id] } })
  }
  const { registerAgent } = await api<{ registerAgent: { agent: { id: string } } }>('mutation ($input: RegisterAgentInput!) { registerAgent(input: $input) { agent { id } } }', {
    input: { name: unique('busy'), maxConcurrency: 1000, heartbeatIntervalSeconds: 600 },
  })
  const agentId = registerAgent.agent.id
  const claim = async () => {
    const { claimTasks } = await api<{ claimTasks: { leaseToken: string }[] }>('mutation ($input: ClaimTasksInput!) { claimTasks(input: $input) { leaseToken } }', { input: { agentId, workflowId, max: 50, leaseSeconds: 600 } })
    return claimTasks.map(({ leaseToken }) => leaseToken)
  }
  for (const leaseToken of await claim()) await api('mutation ($input: CompleteTaskInput!) { completeTask(input: $input) { task { id } } }', { input: { leaseToken } })
  const tokens: string[] = []
  for (let batch = await claim(); batch.length > 0; batch = await claim()) tokens.push(...batch)
  return { workflowId, agentId, tokens }
}

/** Reports progress of everything held, so often that the wanted number of events comes of it. */
async function report({ agentId, tokens }: { agentId: string; tokens: string[] }): Promise<number> {
  const begun = Date.now()
  let sent = 0
  for (let round = 1; Date.now() - begun < seconds * 1000; round++) {
    const leases = tokens.map((leaseToken) => ({ leaseToken, progress: round % 100, message: `round ${round}` }))
    for (let from = 0; from < leases.length; from += leasesAtOnce) {
      await api('mutation ($input: HeartbeatInput!) { heartbeat(input: $input) { nextHeartbeatSeconds } }', { input: { agentId, leases: leases.slice(from, from + leasesAtOnce) } })
    }
    sent += tokens.length
    const due = begun + (1000 * sent) / eventsPerSecond
    if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now()))
  }
  return Math.round((1000 * sent) / (Date.now() - begun))
}

async function taskSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')!.value
}

/** Counts frames, and how long each took, from now on. */
function countFrames(page: Page) {
  return page.evaluate(() => {
    const times: number[] = []
    const step = (time: number) => {
      times.push(time)
      requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
    Object.assign(globalThis, { frameTimes: times })
  })
}

it(`${eventsPerSecond} events a second with ${taskCount} tasks on the screen`, async () => {
  const held = await heldTasks()
  const at = await visit(browser(), `/workflows/${held.workflowId}#key=${key}`)
  await live(at.page)
  await at.page.getByRole('button', { name: /Show all/ }).click()
  await at.page.getByRole('link', { name: 'Task 200' }).waitFor({ state: 'attached' })
  const session = await at.context.newCDPSession(at.page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' }) // what the main thread did, not what it waited for
  await countFrames(at.page)
  const before = await taskSeconds(session)
  const rate = await report(held)
  const busy = (await taskSeconds(session)) - before
  const times = await at.page.evaluate(() => (globalThis as unknown as { frameTimes: number[] }).frameTimes)
  const gaps = times.slice(1).map((time, index) => time - times[index]!).sort((a, b) => a - b)
  console.log(JSON.stringify({ eventsPerSecond: rate, tasks: held.tokens.length, framesPerSecond: Math.round((10 * gaps.length) / ((times.at(-1)! - times[0]!) / 1000)) / 10, mainThreadShare: Math.round((100 * busy) / ((times.at(-1)! - times[0]!) / 1000)) / 100, frameP95Ms: Math.round(gaps[Math.floor(gaps.length * 0.95)]!), longestFrameMs: Math.round(gaps.at(-1)!) }))
  expect(held.tokens.length).toBeGreaterThan(150)
  await at.context.close()
})

const wanted = 10_000
const perRequest = 10
const atOnce = 8

/** Makes workflows until there are as many as wanted, and tells how many there are. */
async function fill(): Promise<number> {
  const { workflows } = await api<{ workflows: { totalCount: number } }>('{ workflows(first: 1) { totalCount } }')
  let missing = wanted - workflows.totalCount
  const make = async () => {
    for (; missing > 0; missing -= perRequest) {
      const fields = Array.from({ length: perRequest }, (_, n) => `w${n}: createWorkflow(input: { name: "Filler ${missing - n}", start: true, tasks: [{ key: "a", name: "One" }, { key: "b", name: "Two", dependsOn: ["a"] }] }) { workflow { id } }`)
      await api(`mutation { ${fields.join(' ')} }`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, make))
  return Math.max(wanted, workflows.totalCount)
}

it('the largest paint of each screen, with ten thousand workflows', async () => {
  const workflows = await fill()
  const figures: Record<string, number> = {}
  for (const path of ['/', '/workflows', '/inbox', '/agents', '/activity']) {
    const at = await visit(browser(), `/favicon.svg`)
    const paints: number[] = []
    for (let round = 0; round < 5; round++) {
      await at.page.goto('about:blank')
      await at.page.goto(`${server}${path}#key=${key}`)
      await live(at.page)
      paints.push(await at.page.evaluate(largestPaint))
    }
    figures[path] = Math.round(paints.sort((a, b) => a - b)[2]!)
    await at.context.close()
  }
  console.log(JSON.stringify({ workflows, largestPaintMs: figures }))
})

/** When the largest thing on the page was painted, in milliseconds since the page was asked for. */
function largestPaint(): Promise<number> {
  return new Promise((resolve) => {
    let last = 0
    new PerformanceObserver((list) => void (last = list.getEntries().at(-1)!.startTime)).observe({ type: 'largest-contentful-paint', buffered: true })
    setTimeout(() => resolve(last), 1500)
  })
}
