import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import './graphiql.css'
import { GraphiQL } from 'graphiql'
import { createRoot } from 'react-dom/client'
import { authorization, takeKeyFromAddress } from '../session'
import { createFetcher } from './fetcher'
import { examples, linkedOperation } from './tabs'

takeKeyFromAddress()

const fetcher = createFetcher()
const linked = linkedOperation(location.search)
const headers = JSON.stringify({ Authorization: authorization() ?? 'Bearer ' }, null, 2)

createRoot(document.getElementById('root')!).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={linked ? [linked, ...examples] : examples}
    defaultHeaders={headers}
    {...(linked && { initialQuery: linked.query, initialVariables: linked.variables ?? '' })}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>
      <a className="brand" href="/">
        <img src="/favicon.svg" alt="" width="22" height="22" />
        Workflow Factory
      </a>
    </GraphiQL.Logo>
  </GraphiQL>,
)
