import type { CodegenConfig } from '@graphql-codegen/cli'

// A project of its own, so that building the front end does not install the generator's three hundred packages.
const config: CodegenConfig = {
  schema: '../../schema.graphqls',
  documents: ['../src/**/*.graphql', '!../src/graphiql/**'],
  generates: {
    '../src/possible-types.ts': { plugins: ['./possible-types.cjs'] },
    '../src/gql.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { DateTime: 'string', EventCursor: 'string', JSON: 'unknown' },
        documentNodeImport: '@urql/core#TypedDocumentNode',
      },
    },
  },
}

export default config
