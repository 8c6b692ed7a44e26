// The published clients, all with the same words: `run` gives what an operation came to, `subscribe` calls next with the
// data of each event and returns what stops it. graphql-ws does everything over the socket, the others queries and
// mutations over HTTP, as their documentation has it.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { OperationTypeNode } from 'graphql';

const codes = (errors) => errors?.map((e) => e.extensions.code);
const isMutation = (query) => query.startsWith('mutation');

const graphqlWS = (socket) => ({
  run: (query, variables) =>
    new Promise((resolve) => {
      let result;
      socket.subscribe({ query, variables }, { next: ({ data }) => (result = { data }), error: (errors) => resolve({ error: codes(errors) }), complete: () => resolve(result) });
    }),
  subscribe: (query, variables, next) => socket.subscribe({ query, variables }, { next: ({ data }) => next(data), error: next, complete: () => {} }),
});

const urql = (socket, url) => {
  const forwardSubscription = (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }) });
  const client = new Client({ url, preferGetMethod: false, exchanges: [subscriptionExchange({ forwardSubscription }), fetchExchange] });
  return {
    run: async (query, variables) => {
      const { data, error } = await client[isMutation(query) ? 'mutation' : 'query'](query, variables).toPromise();
      return error ? { error: codes(error.graphQLErrors) } : { data };
    },
    subscribe: (query, variables, next) => client.subscription(query, variables).subscribe(({ data, error }) => next(data ?? error)).unsubscribe,
  };
};

const apollo = (socket, uri) => {
  const subscribes = ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION;
  const link = ApolloLink.split(subscribes, new GraphQLWsLink(socket), new HttpLink({ uri }));
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  return {
    run: async (query, variables) => {
      try {
        const document = gql(query);
        const { data } = await (isMutation(query) ? client.mutate({ mutation: document, variables }) : client.query({ query: document, variables }));
        return { data };
      } catch (error) {
        return { error: codes(error.errors) };
      }
    },
    subscribe: (query, variables, next) => {
      const subscription = client.subscribe({ query: gql(query), variables }).subscribe({ next: ({ data, error }) => next(data ?? error), error: next });
      return () => subscription.unsubscribe();
    },
  };
};

export const clients = { 'graphql-ws': graphqlWS, urql, apollo };
