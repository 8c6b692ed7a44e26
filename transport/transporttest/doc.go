// Package transporttest is a small GraphQL server for testing transports: its resolvers answer, block, fail and panic as
// a test tells them to.
package transporttest

//go:generate go tool gqlgen generate
