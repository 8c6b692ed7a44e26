package model

// EventType is replaced by generation.
type EventType string

// Role is replaced by generation.
type Role string
