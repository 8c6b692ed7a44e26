package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// HTTP answers POST and GET after the GraphQL over HTTP draft, and streams server-sent events to whoever accepts
// text/event-stream. All mistakes get an answer in GraphQL's shape.
type HTTP struct {
	config  *Config
	exec    *Executor
	streams *census
	down    context.Context // cancelled by Shutdown
	close   context.CancelFunc
}

func newHTTP(exec *Executor) *HTTP {
	t := &HTTP{config: &exec.config, exec: exec, streams: newCensus(&exec.config.Limits)}
	t.down, t.close = context.WithCancel(context.Background())
	return t
}

// Streams tells how many event streams are open.
func (t *HTTP) Streams() int { return t.streams.count() }

// Shutdown ends the open event streams, after which clients connect again with the last event's id, each after another
// time that it is told, and refuses new ones. It returns when all have ended; everything else is the HTTP server's own Shutdown to wait for.
func (t *HTTP) Shutdown() {
	t.streams.close()
	t.close()
	t.streams.inside.Wait()
	t.exec.hub.running.Wait()
}

// ServeHTTP answers one request. An event stream takes until its operation ends or the client leaves.
func (t *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if header := w.Header(); header["Vary"] == nil {
		header["Vary"] = varies
	} else {
		header.Add("Vary", varies[0]) // not instead of what CORS says
	}
	x := &exchange{HTTP: t, w: w, r: r, media: negotiate(r.Header)}
	defer x.rescue()
	switch r.Method {
	case http.MethodPost:
		x.post()
	case http.MethodGet, http.MethodHead:
		x.get()
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allowed)
		x.refuse(http.StatusMethodNotAllowed, badInput("use POST, or GET for queries"))
	}
}

// varies is the same in all answers: whoever adds to it gets another.
var varies = []string{"Accept"}

const allowed = "GET, HEAD, OPTIONS, POST"

// exchange is one HTTP request on its way to its answer.
type exchange struct {
	*HTTP
	w     http.ResponseWriter
	r     *http.Request
	media string // of the answer
}

// rescue answers a request whose handling panicked.
func (x *exchange) rescue() {
	if thrown := recover(); thrown != nil {
		ctx := x.r.Context()
		x.refuse(http.StatusInternalServerError, asGraphQL(x.config.Recover(ctx, thrown)))
	}
}

func (x *exchange) post() {
	if x.media == "" {
		x.refuse(http.StatusNotAcceptable, badInput("answers come as %s, %s or %s", typeResponse, typeJSON, typeEvents))
		return
	}
	if err := checkContentType(x.r.Header); err != nil {
		x.w.Header().Set("Accept-Post", typeJSON)
		x.refuse(http.StatusUnsupportedMediaType, err)
		return
	}
	start := graphql.Now()
	buffer := bodies.Get().(*bytes.Buffer)
	defer giveBack(buffer)
	body := x.r.Body
	if most := int64(x.config.Limits.MessageBytes); x.r.ContentLength < 0 || x.r.ContentLength > most {
		body = http.MaxBytesReader(x.w, body, most)
	}
	_, err := buffer.ReadFrom(body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		x.refuse(http.StatusRequestEntityTooLarge, badInput("the body is larger than %d bytes", x.config.Limits.MessageBytes))
		return
	}
	if err != nil {
		x.refuse(http.StatusBadRequest, badInput("the body ended early"))
		return
	}
	params, refused := x.decode(buffer.Bytes())
	if refused != nil {
		x.refuse(http.StatusBadRequest, refused)
		return
	}
	x.run(params, start)
}

// bodies are where requests are read into: nothing of one is needed once it has been decoded.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// giveBack lets a buffer go that a large request has grown.
func giveBack(b *bytes.Buffer) {
	const worthKeeping = 64 * kibi
	if b.Cap() > worthKeeping {
		return
	}
	b.Reset()
	bodies.Put(b)
}

func (x *exchange) decode(body []byte) (*graphql.RawParams, *gqlerror.Error) {
	if p, ok := plainParams(body, &x.config.Limits); ok {
		return p.raw()
	}
	if err := checkJSON(body, &x.config.Limits); err != nil {
		return nil, err
	}
	return decodeParams(body)
}

// checkContentType wants JSON as it is: forms and files could be posted by any web page without being asked first, and a
// compressed body would get around the limit on its size.
func checkContentType(header http.Header) *gqlerror.Error {
	if header.Get("Content-Type") == typeJSON && header["Content-Encoding"] == nil {
		return nil // as nearly everybody sends it
	}
	media, params, err := mime.ParseMediaType(header.Get("Content-Type")) // an error when there is none
	if err != nil || media != typeJSON {
		return badInput("send the request as Content-Type: %s", typeJSON)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return badInput("send the request in UTF-8")
	}
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return badInput("send the request without Content-Encoding")
	}
	return nil
}

func (x *exchange) get() {
	if wantsPage(x.r.Header) {
		x.config.Page.ServeHTTP(x.w, x.r)
		return
	}
	if x.media == "" {
		x.refuse(http.StatusNotAcceptable, badInput("answers come as %s, %s or %s", typeResponse, typeJSON, typeEvents))
		return
	}
	if !isDeliberate(x.r.Header) {
		x.refuse(http.StatusBadRequest, badInput("a query by GET needs a header that a web page cannot make a browser send by itself: "+
			"Accept: %s, Content-Type: %s, Apollo-Require-Preflight, X-GraphQL-Client or Authorization", typeResponse, typeJSON))
		return
	}
	start := graphql.Now()
	values, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		x.refuse(http.StatusBadRequest, badInput("the URL's parameters are malformed"))
		return
	}
	params, refused := x.fromURL(values)
	if refused != nil {
		x.refuse(http.StatusBadRequest, refused)
		return
	}
	x.run(params, start)
}

func (x *exchange) fromURL(values url.Values) (*graphql.RawParams, *gqlerror.Error) {
	for _, name := range []string{"variables", "extensions"} {
		if err := checkJSON([]byte(values.Get(name)), &x.config.Limits); err != nil {
			return nil, err
		}
	}
	return queryParams(values)
}

// wantsPage is true when a person opened the endpoint in a browser.
func wantsPage(header http.Header) bool {
	return names(header, typeHTML) && !names(header, typeJSON, typeResponse, typeEvents)
}

// isDeliberate tells a query by GET which a program made from one that a page slipped into somebody's browser by an
// image, a link or a form: those carry no header of their own, name no media type of ours, and browsers mark them as
// navigations or as requests without CORS.
func isDeliberate(header http.Header) bool {
	for _, name := range []string{"Apollo-Require-Preflight", "X-Apollo-Operation-Name", "X-GraphQL-Client", "X-Requested-With", "Authorization"} {
		if header.Get(name) != "" {
			return true
		}
	}
	if checkContentType(header) == nil {
		return true
	}
	switch header.Get("Sec-Fetch-Mode") {
	case "cors", "same-origin":
		return true
	case "":
		return names(header, typeJSON, typeResponse, typeEvents)
	}
	return false
}

func (x *exchange) run(params *graphql.RawParams, start time.Time) {
	params.Headers = x.r.Header
	params.ReadTime.Start = start
	ctx, op, errs := x.exec.Create(x.r.Context(), params)
	if tellRetry(x.w.Header(), errs) {
		x.refuseWith(http.StatusTooManyRequests, x.exec.Refuse(ctx, errs))
		return
	}
	if len(errs) > 0 {
		x.answer(x.exec.Refuse(ctx, errs))
		return
	}
	if op.Operation.Operation == ast.Mutation && x.r.Method != http.MethodPost {
		x.w.Header().Set("Allow", http.MethodPost)
		x.refuse(http.StatusMethodNotAllowed, badInput("mutations need POST"))
		return
	}
	if x.media == typeEvents {
		x.stream(ctx, op)
		return
	}
	if op.Operation.Operation == ast.Subscription {
		x.refuse(http.StatusNotAcceptable, badInput("subscriptions need Accept: %s, or a WebSocket", typeEvents))
		return
	}
	ctx, done := x.timed(ctx, x.config.limitOf(op))
	defer done()
	response, ctx := x.exec.Answer(ctx)
	done()
	if response == nil { // the time was up before it began
		response = x.exec.Refuse(ctx, gqlerror.List{asGraphQL(fmt.Errorf("run the operation: %w", ctx.Err()))})
	}
	tellRetry(x.w.Header(), response.Errors)
	x.answer(response)
}

// timed bounds how long an operation runs. The function that it gives is called when the operation is done, and maybe once
// more; a connection whose context has ended takes no more requests.
func (x *exchange) timed(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	turns := turnsOf(ctx)
	if turns == nil || x.r.ProtoMajor != 1 { // HTTP/2 has many at a time
		return context.WithTimeout(ctx, limit)
	}
	turns.begin(limit)
	return ctx, func() {
		if !turns.done() {
			x.w.Header().Set("Connection", "close")
		}
	}
}

// answer writes a response. Only the newer media type may say in the status that an operation could not be executed:
// under application/json a status other than 200 would mean that something on the way answered.
func (x *exchange) answer(response *graphql.Response) {
	if x.media == typeEvents {
		x.streamOne(response)
		return
	}
	status := http.StatusOK
	if failed(response) && x.media == typeResponse {
		status = http.StatusBadRequest
	}
	x.write(status, response)
}

// refuse answers a request that is no well-formed GraphQL request.
func (x *exchange) refuse(status int, err *gqlerror.Error) {
	x.refuseWith(status, x.exec.Refuse(x.r.Context(), gqlerror.List{err}))
}

func (x *exchange) refuseWith(status int, response *graphql.Response) {
	if x.media != typeResponse {
		x.media = typeJSON
	}
	x.write(status, response)
}

// contentTypes are the headers of what is answered with.
var contentTypes = map[string][]string{
	typeJSON: {typeJSON + "; charset=utf-8"}, typeResponse: {typeResponse + "; charset=utf-8"},
}

// countedByHTTP is from which size on, in bytes, package http no longer finds out the length of an answer by itself.
const countedByHTTP = 2 << 10

func (x *exchange) write(status int, response *graphql.Response) {
	defer x.config.Release(response.Data)
	around := envelop(response)
	header := x.w.Header()
	header["Content-Type"] = contentTypes[x.media]
	size := len(around.head) + len(response.Data) + len(around.tail)
	if size >= countedByHTTP || x.r.Method == http.MethodHead {
		header["Content-Length"] = []string{strconv.Itoa(size)}
	}
	x.w.WriteHeader(status)
	for _, part := range [][]byte{around.head, response.Data, around.tail} {
		if _, err := x.w.Write(part); err != nil {
			return // the client left
		}
	}
}
