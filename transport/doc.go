// Package transport carries GraphQL between clients and any schema of gqlgen's: POST and GET after the GraphQL over HTTP
// draft and server-sent events ([HTTP]), graphql-transport-ws ([WebSocket]), and for both an [Executor] with the limits
// that every operation has to pass before it is validated. It knows protocols and no noun of any schema.
//
// [New] puts them together by one [Config]:
//
//	server, err := transport.New(schema, config)
//	http.Handle("/graphql", server)
//
// # Streams
//
// A subscription may be resumed: by `resume` in connection_init, by Last-Event-ID, or by an argument called `after` of
// its root field. The first two replace that argument before the operation runs, so a resolver only ever looks at
// `after`. Where an event stands is told by [Config.Cursor].
//
// With [Sharing] each event is executed once for all who sent the same document with the same variables and may see the
// same, and encoded once; who resumes or lags catches up apart and nobody waits for anybody.
//
// A response without data ends its operation: on a socket and in an event stream it becomes the `error` message. A
// resolver whose stream ends badly says so with [Fail] before it closes its channel.
package transport
