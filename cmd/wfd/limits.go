package main

import (
	"fmt"
	"reflect"
	"time"

	"workflowfactory/server"
	"workflowfactory/transport"
)

// Limits are those of operations, sockets and event streams: the fields of [transport.Limits], so that none can be
// without a setting.
type Limits struct {
	MessageBytes       int           `env:"LIMIT_MESSAGE_BYTES" default:"262144" help:"The largest HTTP body or socket message."`
	DocumentBytes      int           `env:"LIMIT_DOCUMENT_BYTES" default:"32768" help:"The longest document."`
	DocumentTokens     int           `env:"LIMIT_DOCUMENT_TOKENS" default:"1500" help:"The most tokens of a document."`
	NameBytes          int           `env:"LIMIT_NAME_BYTES" default:"128" help:"The longest field, alias, variable or type name in a document."`
	Depth              int           `env:"LIMIT_DEPTH" default:"12" help:"How deep fields nest, fragments counted where they are spread."`
	Aliases            int           `env:"LIMIT_ALIASES" default:"30" help:"The most aliases in a document."`
	RootFields         int           `env:"LIMIT_ROOT_FIELDS" default:"20" help:"The most root fields of a query."`
	RootMutations      int           `env:"LIMIT_ROOT_MUTATIONS" default:"10" help:"The most root fields of a mutation."`
	Directives         int           `env:"LIMIT_DIRECTIVES" default:"20" help:"The most directives in a document."`
	Fragments          int           `env:"LIMIT_FRAGMENTS" default:"50" help:"The most fragments in a document."`
	Operations         int           `env:"LIMIT_OPERATIONS" default:"10" help:"The most operations in a document."`
	Introspections     int           `env:"LIMIT_INTROSPECTIONS" default:"3" help:"How often a document asks for __schema and __type."`
	Repeats            int           `env:"LIMIT_REPEATS" default:"5000" help:"The most pairs of fields of one name in one place."`
	Visits             int           `env:"LIMIT_VISITS" default:"10000" help:"The most fields and fragments of a document whose fragments are all written out."`
	Cost               int           `env:"LIMIT_COST" default:"5000" help:"How many objects an operation may touch, lists multiplied by their page size."`
	PageSize           int           `env:"LIMIT_PAGE_SIZE" default:"100" help:"The largest first or last."`
	UnpagedSize        int           `env:"LIMIT_UNPAGED_SIZE" default:"10" help:"How many items a list is thought to have that nothing bounds."`
	ListItems          int           `env:"LIMIT_LIST_ITEMS" default:"500" help:"The most items of a list argument."`
	StringBytes        int           `env:"LIMIT_STRING_BYTES" default:"65536" help:"The longest string in the variables."`
	JSONDepth          int           `env:"LIMIT_JSON_DEPTH" default:"32" help:"How deep variables and values nest."`
	JSONValues         int           `env:"LIMIT_JSON_VALUES" default:"10000" help:"The most values in the JSON of a request."`
	Errors             int           `env:"LIMIT_ERRORS" default:"5" help:"The most errors in one answer."`
	ErrorBytes         int           `env:"LIMIT_ERROR_BYTES" default:"500" help:"The longest message of an error."`
	DocumentCacheBytes int           `env:"LIMIT_DOCUMENT_CACHE_BYTES" default:"33554432" help:"Memory for documents that were parsed."`
	PersistedBytes     int           `env:"LIMIT_PERSISTED_BYTES" default:"8388608" help:"Memory for documents that are asked for by their hash."`
	Operation          time.Duration `env:"LIMIT_OPERATION" default:"10s" help:"How long a query or mutation may run."`
	Write              time.Duration `env:"LIMIT_WRITE" default:"5s" help:"How long a client may take nothing of what is written to it."`
	Slow               time.Duration `env:"LIMIT_SLOW" default:"3s" help:"How long an event may wait for room in a subscriber's queue."`
	KeepAlive          time.Duration `env:"LIMIT_KEEP_ALIVE" default:"15s" help:"The time between pings."`
	Silence            time.Duration `env:"LIMIT_SILENCE" default:"10s" help:"How long a ping may stay unanswered."`
	Init               time.Duration `env:"LIMIT_INIT" default:"5s" help:"The time from opening a socket to connection_init."`
	Sockets            int           `env:"LIMIT_SOCKETS" default:"10000" help:"The most open sockets, and the most open event streams."`
	SocketsPerCaller   int           `env:"LIMIT_SOCKETS_PER_CALLER" default:"20" help:"The same for one caller."`
	SocketOperations   int           `env:"LIMIT_SOCKET_OPERATIONS" default:"100" help:"The most operations at a time on one socket."`
	MessagesPerSecond  int           `env:"LIMIT_MESSAGES_PER_SECOND" default:"50" help:"How many messages a second are read from one socket."`
	MessageBurst       int           `env:"LIMIT_MESSAGE_BURST" default:"200" help:"How many are read at once before that."`
	OperationIDBytes   int           `env:"LIMIT_OPERATION_ID_BYTES" default:"128" help:"The longest id of an operation on a socket."`
	QueueEvents        int           `env:"LIMIT_QUEUE_EVENTS" default:"256" help:"The most events that wait to be written to one socket."`
	QueueBytes         int           `env:"LIMIT_QUEUE_BYTES" default:"1048576" help:"The most bytes that wait to be written to one socket."`
}

// Connections are the limits of HTTP itself: the fields of [server.Connections].
type Connections struct {
	HeaderBytes int           `env:"LIMIT_HEADER_BYTES" default:"32768" help:"The largest headers of a request."`
	HeaderTime  time.Duration `env:"LIMIT_HEADER_TIME" default:"5s" help:"How long the headers of a request may take."`
	BodyTime    time.Duration `env:"LIMIT_BODY_TIME" default:"15s" help:"How long a request may take to arrive."`
	IdleTime    time.Duration `env:"LIMIT_IDLE_TIME" default:"60s" help:"How long a connection is kept for the next request."`
}

var (
	_ = transport.Limits(Limits{})
	_ = server.Connections(Connections{})
)

// checkPositive refuses limits of nothing: there is no way to lift one.
func (s settings) checkPositive() []error {
	var problems []error
	for _, group := range []any{s.Limits, s.Connections} {
		v := reflect.ValueOf(group)
		for i := range v.NumField() {
			if v.Field(i).Int() < 1 {
				problems = append(problems, fmt.Errorf("%s is %v: a limit is 1 or more", v.Type().Field(i).Tag.Get("env"), v.Field(i)))
			}
		}
	}
	return problems
}
