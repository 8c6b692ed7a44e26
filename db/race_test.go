//go:build race

package db

// raceDivisor is by how much smaller tables are whose size matters to PostgreSQL alone.
const raceDivisor = 20
