// Package exec executes GraphQL operations breadth-first over the code that gqlgen generates.
//
// gqlgen's own executor walks an answer object by object. This one walks the document: all objects
// that stand at one place of it are resolved together, so that each batch resolver is called once
// per place, however deep in lists or connections its parents are, and an answer is written once,
// from beginning to end, into one pooled buffer. Everything else stays gqlgen's: schema, models,
// resolver interfaces, directives, arguments, parsing, validation, extensions, error presenter.
//
// The table by which a schema is executed is written by the command in exec/codegen, which is used
// in place of `gqlgen generate`. The generated NewSchema then takes the place of
// NewExecutableSchema:
//
//	server := handler.New(gen.NewSchema(gen.Config{Resolvers: resolvers}, exec.Static("can")))
//
// # Answers
//
// The Data of a response is complete JSON and may be sent as it is. It belongs to whoever receives
// the response: no later response is written into it until somebody gives it to Release.
//
// # Errors
//
// A resolver fails for all its parents by returning an error, and for some of them by returning a
// graphql.BatchErrorList. Each error is presented once for each object that it concerns, with the
// object's path and the field's location, in the order of the answer; at most MaxErrors of them.
// graphql.AddError must not be used within batch resolvers: it cannot know the path.
//
// # Directives
//
// Directives on field and object definitions are asked before the resolver, and objects that they
// deny never reach it. They can let through and deny, not change the value: what next returns is
// no value. A context that they give to next reaches the resolver if the directive is Static or on a
// root field.
package exec
