package transport

import (
	"cmp"
	"time"
)

// Limits bound what one caller can make the server do. A field that is zero takes the default named beside it.
type Limits struct {
	MessageBytes int // an HTTP body or a socket message: 256 KiB

	DocumentBytes  int // 32 KiB
	DocumentTokens int // 1,500
	NameBytes      int // a field, alias, variable or type name in a document: 128
	Depth          int // nested fields, fragments counted where they are spread: 12
	Aliases        int // 30
	RootFields     int // of a query: 20
	RootMutations  int // root fields of a mutation: 10
	Directives     int // 20
	Fragments      int // 50
	Operations     int // in one document: 10
	Introspections int // __schema and __type in one document: 3
	Repeats        int // pairs of fields of the same name in one place, which validation compares: 5,000
	Visits         int // fields and fragments of all operations and fragments, each written out: 10,000
	Cost           int // objects that an operation may touch, lists multiplied by their page size: 5,000
	PageSize       int // the largest `first` or `last`: 100
	UnpagedSize    int // how many items a list without `first` and `last` is thought to have: 10

	ListItems   int // items of a list argument: 100
	StringBytes int // a string in the variables: 64 KiB
	JSONDepth   int // 32
	JSONValues  int // in one request, which cost far more to decode than their bytes to read: 10,000

	Errors     int // in one answer: 5
	ErrorBytes int // of one error's message: 500

	DocumentCacheBytes int // of documents kept parsed, at their worst: 32 MiB
	PersistedBytes     int // of documents kept by their hash: 8 MiB

	Operation time.Duration // how long a query or mutation may run: 10 s
	Write     time.Duration // how long a client may take nothing of what is written to it: 5 s
	Slow      time.Duration // how long a subscriber's next event may wait for room in the queue: 3 s
	KeepAlive time.Duration // between pings: 15 s
	Silence   time.Duration // how long a ping may stay unanswered: 10 s
	Init      time.Duration // from the upgrade to connection_init: 5 s

	Sockets           int // in all: 10,000
	SocketsPerCaller  int // 20
	SocketOperations  int // at a time on one socket: 100
	MessagesPerSecond int // that a socket is read at: 50
	MessageBurst      int // read at once before that: 200
	OperationIDBytes  int // 128
	QueueEvents       int // waiting to be written to one socket: 256
	QueueBytes        int // waiting to be written to one socket: 1 MiB
}

const kibi = 1 << 10

// WithDefaults gives the limits that are in force.
func (l Limits) WithDefaults() Limits {
	for field, fallback := range map[*int]int{
		&l.MessageBytes: 256 * kibi, &l.DocumentBytes: 32 * kibi, &l.DocumentTokens: 1500, &l.NameBytes: 128,
		&l.Depth: 12, &l.Aliases: 30, &l.RootFields: 20, &l.RootMutations: 10, &l.Directives: 20, &l.Fragments: 50,
		&l.Operations: 10, &l.Introspections: 3, &l.Repeats: 5000, &l.Visits: 10_000, &l.Cost: 5000, &l.PageSize: 100, &l.UnpagedSize: 10,
		&l.ListItems: 100, &l.StringBytes: 64 * kibi, &l.JSONDepth: 32, &l.JSONValues: 10_000,
		&l.Errors: 5, &l.ErrorBytes: 500, &l.DocumentCacheBytes: 32 * 1024 * kibi, &l.PersistedBytes: 8 * 1024 * kibi,
		&l.Sockets: 10_000, &l.SocketsPerCaller: 20, &l.SocketOperations: 100, &l.MessagesPerSecond: 50,
		&l.MessageBurst: 200, &l.OperationIDBytes: 128, &l.QueueEvents: 256, &l.QueueBytes: 1024 * kibi,
	} {
		*field = cmp.Or(*field, fallback)
	}
	for field, fallback := range map[*time.Duration]time.Duration{
		&l.Operation: 10 * time.Second, &l.Write: 5 * time.Second, &l.Slow: 3 * time.Second,
		&l.KeepAlive: 15 * time.Second, &l.Silence: 10 * time.Second, &l.Init: 5 * time.Second,
	} {
		*field = cmp.Or(*field, fallback)
	}
	return l
}
