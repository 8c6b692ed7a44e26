import { Link } from '@tanstack/react-router'
import { Empty } from './controls'

export function NotFound() {
  return (
    <Empty title="There is nothing here">
      The address may be mistyped, or the thing was deleted.{' '}
      <Link to="/" className="text-brand hover:underline">
        Go to the overview
      </Link>
    </Empty>
  )
}
