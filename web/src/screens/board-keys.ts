import { type CollisionDetection, type DroppableContainer, pointerWithin, type SensorContext } from '@dnd-kit/core'
import { step } from './board-rules'

/** What is under the pointer or, moved with the keyboard, under the middle of the card. */
export const collide: CollisionDetection = (collision) => {
  const { left, top, width, height } = collision.collisionRect
  return pointerWithin({ ...collision, pointerCoordinates: collision.pointerCoordinates ?? { x: left + width / 2, y: top + height / 2 } })
}

const directions: Record<string, 1 | -1> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/** Where an arrow key puts the held card: the middle of the next place that it may go to. */
export function nextPlace(event: KeyboardEvent, { over, collisionRect, droppableContainers }: SensorContext, legal: string[]) {
  const by = directions[event.code]
  if (!by || !collisionRect) return undefined
  event.preventDefault()
  const next = step(legal, over ? String(over.id) : undefined, by)
  const rect = next && middleOf(droppableContainers.get(next))
  return rect ? { x: rect.x - collisionRect.width / 2, y: rect.y - collisionRect.height / 2 } : undefined
}

function middleOf(container: DroppableContainer | undefined) {
  const rect = container?.rect.current
  return rect ? { x: rect.left + rect.width / 2, y: rect.top + rect.height / 2 } : undefined
}
