package transport

import (
	"context"
	"encoding/hex"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// CodePersistedQueryNotFound asks a client to send the document along with its hash. Clients look at the message too.
const CodePersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND"

const persistedQuery = "persistedQuery"

// persisted reads which document a request means by its hash, "" for none.
func persisted(params *graphql.RawParams) (hash string, err *gqlerror.Error) {
	given, ok := params.Extensions[persistedQuery]
	if !ok {
		return "", nil
	}
	said, _ := given.(map[string]any)
	hash, _ = said["sha256Hash"].(string)
	version, _ := said["version"].(json.Number)
	raw, _ := hex.DecodeString(hash)
	switch {
	case version != "1" || len(raw) != 32:
		return "", badInput(`extensions.persistedQuery has to be {"version": 1, "sha256Hash": …}, the hash in 64 hexadecimal digits`)
	case params.Query != "" && hashOf(params.Query) != hash:
		return "", badInput("extensions.persistedQuery is the hash of another document")
	}
	return hash, nil
}

// recall finds the document of a request that has only its hash: among the trusted ones for everybody, and for those who
// may persist documents among what was persisted. The hash is given when the document is to be kept once it has passed.
func (g *guard) recall(ctx context.Context, params *graphql.RawParams) (keep string, err *gqlerror.Error) {
	hash, err := persisted(params)
	if err != nil || hash == "" {
		return "", err
	}
	if text, ok := g.trusted[hash]; ok && params.Query == "" {
		params.Query = text
		return "", nil
	}
	if g.persists == nil || !g.persists(ctx) {
		if params.Query == "" {
			return "", refusal(CodePersistedQueryNotFound, "PersistedQueryNotFound")
		}
		return "", nil
	}
	if params.Query != "" {
		return hash, nil
	}
	text, ok := g.texts.get(hash)
	if !ok {
		return "", refusal(CodePersistedQueryNotFound, "PersistedQueryNotFound")
	}
	params.Query = text
	return "", nil
}
