import { type PointerEvent, useRef, useState } from 'react'

/** How far a finger has to push. */
const enough = 96

/** Follows a finger that pushes something aside, and tells to which side once it was pushed far enough. */
export function useSwipe(onSwipe: (side: 'left' | 'right') => void, enabled: boolean) {
  const [shift, setShift] = useState(0)
  const from = useRef<number | null>(null)
  const end = (decide: boolean) => () => {
    if (decide && Math.abs(shift) >= enough) onSwipe(shift > 0 ? 'right' : 'left')
    from.current = null
    setShift(0)
  }
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType === 'touch') from.current = event.clientX
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current === null) return
      const moved = event.clientX - from.current
      if (Math.abs(moved) > 12) setShift(moved)
    },
    onPointerUp: end(true),
    onPointerCancel: end(false),
  }
  return { shift, handlers: enabled ? handlers : {} }
}
