import { Link } from '@tanstack/react-router'
import { Empty } from './controls'
import { PageHead } from './page'

export function NotFound() {
  return (
    <>
      <PageHead title="Not found" />
      <Empty title="There is nothing here">
        The address may be mistyped, or the thing was deleted.{' '}
        <Link to="/" className="text-brand hover:underline">
          Go to the overview
        </Link>
      </Empty>
    </>
  )
}
