package transport

import (
	"cmp"
	"iter"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeEvents   = "text/event-stream"
	typeHTML     = "text/html"
)

// wish is one entry of an Accept header.
type wish struct {
	media   string
	quality float64
}

// preference is how much a client likes a media type: its weight, how exactly it was named, how early.
type preference struct {
	quality     float64
	exact, rank int
}

// negotiate picks the media type that the client likes best. application/json is the answer to no wish at all and to
// wildcards, as the draft demands until clients know the newer type; "" means that nothing offered is acceptable.
func negotiate(header http.Header) string {
	if len(header["Accept"]) == 0 {
		return typeJSON
	}
	wishes := slices.Collect(accepted(header))
	if len(wishes) == 0 {
		return typeJSON
	}
	best, most := "", preference{}
	for _, offer := range []string{typeJSON, typeResponse, typeEvents} {
		if liked := preferenceFor(offer, wishes); liked.quality > 0 && liked.compare(most) > 0 {
			best, most = offer, liked
		}
	}
	return best
}

// preferenceFor takes the most exact wish that the media type meets: "*/*, application/json;q=0" excludes JSON.
func preferenceFor(offer string, wishes []wish) preference {
	var found preference
	for i, w := range wishes {
		if exact := exactness(w.media, offer); exact > found.exact {
			found = preference{quality: w.quality, exact: exact, rank: -i}
		}
	}
	return found
}

// exactness is 0 when a media range does not cover the offer. A wildcard never means an event stream.
func exactness(media, offer string) int {
	switch {
	case media == offer:
		return 3
	case offer == typeEvents:
		return 0
	case media == "application/*":
		return 2
	case media == "*/*":
		return 1
	}
	return 0
}

func (p preference) compare(q preference) int {
	return cmp.Or(cmp.Compare(p.quality, q.quality), cmp.Compare(p.exact, q.exact), cmp.Compare(p.rank, q.rank))
}

func accepted(header http.Header) iter.Seq[wish] {
	return func(yield func(wish) bool) {
		for _, line := range header.Values("Accept") {
			for entry := range strings.SplitSeq(line, ",") {
				if w := parseWish(entry); w.media != "" && !yield(w) {
					return
				}
			}
		}
	}
}

// parseWish takes a weight that is no number for 1: the client named the type after all.
func parseWish(entry string) wish {
	media, rest, found := strings.Cut(entry, ";")
	w := wish{media: strings.ToLower(strings.TrimSpace(media)), quality: 1}
	if !found {
		return w
	}
	_, params, err := mime.ParseMediaType("a/b;" + rest)
	if err != nil {
		return w
	}
	if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
		w.quality = q
	}
	return w
}

// names tells whether the client asks for one of the media types by its own name, not by a wildcard.
func names(header http.Header, types ...string) bool {
	for w := range accepted(header) {
		if w.quality > 0 && slices.Contains(types, w.media) {
			return true
		}
	}
	return false
}
