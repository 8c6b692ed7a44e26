import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'

export type Bucket = { at: string; completed: number; failed: number }

/** How many tasks ended when: what was completed, and on top of it what failed. */
export default function Throughput({ buckets }: { buckets: Bucket[] }) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const data = dataOf(buckets)
  const latest = useRef(data)
  latest.current = data
  useEffect(() => {
    const element = place.current!
    const plot = new uPlot(optionsFor(element), latest.current, element)
    chart.current = plot
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: element.clientHeight }))
    resized.observe(element)
    const recolour = () => plot.redraw(false)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', recolour)
    const chosen = new MutationObserver(recolour)
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] })
    return () => {
      resized.disconnect()
      chosen.disconnect()
      dark.removeEventListener('change', recolour)
      plot.destroy()
    }
  }, [])
  useEffect(() => chart.current?.setData(latest.current), [buckets])
  const [completed, failed] = [sum(buckets, 'completed'), sum(buckets, 'failed')]
  return <div ref={place} role="img" aria-label={`Throughput: ${completed} tasks completed, ${failed} failed in this time`} className="h-44 w-full" />
}

function sum(buckets: Bucket[], what: 'completed' | 'failed'): number {
  return buckets.reduce((sum, bucket) => sum + bucket[what], 0)
}

/** Bars stand behind each other, so the upper end of the failed ones is at the sum. */
function dataOf(buckets: Bucket[]): uPlot.AlignedData {
  return [buckets.map(({ at }) => Date.parse(at) / 1000), buckets.map(({ completed, failed }) => completed + failed), buckets.map(({ completed }) => completed)]
}

/** Half a bucket: the first and the last bar need room beside their middle. */
function halfOf(moments: uPlot.AlignedData[0]): number {
  return ((moments[1] ?? 0) - (moments[0] ?? 0)) / 2
}

/** A colour of the page as the canvas understands it, for the theme that shows now. */
function colourOf(element: HTMLElement, name: string): string {
  const before = element.style.color
  element.style.color = `var(--${name})`
  const colour = getComputedStyle(element).color
  element.style.color = before
  return colour
}

const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** A moment below the chart: the day where one begins, else the time. */
function wordsFor(seconds: number): string {
  const moment = new Date(seconds * 1000)
  return moment.getHours() === 0 && moment.getMinutes() === 0 ? day.format(moment) : hour.format(moment)
}

function optionsFor(element: HTMLElement): uPlot.Options {
  const paths = uPlot.paths.bars!({ size: [0.72, 28], radius: 0.25 })
  const colour = (name: string) => () => colourOf(element, name)
  const bars = (label: string, name: string): uPlot.Series => ({ label, paths, fill: colour(name), width: 0, points: { show: false } })
  const axis: uPlot.Axis = { stroke: colour('faint'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '11px Inter Variable, sans-serif' }
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { range: (plot, from, to) => [from - halfOf(plot.data[0]), to + halfOf(plot.data[0])] }, y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
    series: [{}, bars('failed', 'bad'), bars('completed', 'good')],
    axes: [{ ...axis, size: 22, grid: { show: false }, values: (_, moments) => moments.map(wordsFor) }, { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] }],
  }
}
