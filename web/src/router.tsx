import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { searches } from './search'
import { NotFound } from './ui/not-found'
import { Layout } from './ui/layout'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound, validateSearch: searches.everywhere })

const settings = lazyRouteComponent(() => import('./screens/settings'), 'Settings')

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', validateSearch: searches.overview, component: lazyRouteComponent(() => import('./screens/overview'), 'Overview') }),
  createRoute({
    getParentRoute: () => root,
    path: '/workflows',
    validateSearch: searches.workflows,
    component: lazyRouteComponent(() => import('./screens/workflows'), 'Workflows'),
  }),
  createRoute({ getParentRoute: () => root, path: '/workflows/new', validateSearch: searches.newWorkflow, component: lazyRouteComponent(() => import('./screens/new-workflow'), 'NewWorkflow') }),
  createRoute({
    getParentRoute: () => root,
    path: '/workflows/$id',
    validateSearch: searches.workflow,
    component: lazyRouteComponent(() => import('./screens/workflow'), 'WorkflowPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/inbox',
    validateSearch: searches.inbox,
    component: lazyRouteComponent(() => import('./screens/inbox'), 'Inbox'),
  }),
  createRoute({ getParentRoute: () => root, path: '/agents', component: lazyRouteComponent(() => import('./screens/agents'), 'Agents') }),
  createRoute({
    getParentRoute: () => root,
    path: '/activity',
    validateSearch: searches.activity,
    component: lazyRouteComponent(() => import('./screens/activity'), 'Activity'),
  }),
  createRoute({ getParentRoute: () => root, path: '/settings', component: settings }),
  createRoute({ getParentRoute: () => root, path: '/settings/$part', component: settings }),
] as const

export const router = createRouter({ routeTree: root.addChildren(routes), defaultPreload: 'intent', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
