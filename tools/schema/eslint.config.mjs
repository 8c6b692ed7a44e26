// How schema.graphqls has to be written: what the rules of GraphQL's and Relay's communities ask for, and a description on
// everything that a reader of GraphiQL meets.
import graphql from '@graphql-eslint/eslint-plugin';

const { 'flat/schema-recommended': schema, 'flat/schema-relay': relay } = graphql.configs;

export default [
  {
    files: ['**/*.graphqls'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphqls' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...schema.rules,
      ...relay.rules,
      '@graphql-eslint/description-style': ['error', { style: 'inline' }],
      // Lists of a few things that belong together need no pages, and the lines of a log are paged without being nouns.
      '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],
      // Nouns have their id by Node, which Query.node is tested with; payloads, pages and values have none.
      '@graphql-eslint/strict-id-in-types': 'off',
      '@graphql-eslint/require-description': [
        'error',
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
      ],
      '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
    },
  },
];
