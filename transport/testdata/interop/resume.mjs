// Has a graphql-ws client go on after the last event that it got, in each of its subscriptions, whenever it connects again.
// Subscriptions have to select `cursor`.
export const resuming = (options) => {
  const resume = {}; // the id of an operation: where it has got to
  return {
    ...options,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    connectionParams: () => ({ ...options.connectionParams, resume }),
    on: {
      message: ({ id, type, payload }) => {
        if (type === 'next') for (const event of Object.values(payload.data ?? {})) resume[id] = event?.cursor ?? resume[id];
        if (type === 'error' || type === 'complete') delete resume[id];
      },
    },
  };
};
