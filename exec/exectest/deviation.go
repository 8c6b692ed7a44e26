package exectest

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Deviation is a known difference between gqlgen's executor, as the oracle, and package exec, with
// a reason. Reconcile takes it out of a pair of responses, and nothing else.
type Deviation struct {
	Name      string
	Reconcile func(oracle, subject *Response)
}

// Deviations are those that random documents meet.
var Deviations = []Deviation{SubscriptionRoot, SharedPanic, BatchLength, NoLocations}

// SharedPanic: when a batch resolver panics, gqlgen tells only one of its parents so; the others
// have an "unexpected result type".
var SharedPanic = Deviation{
	Name: "shared panic",
	Reconcile: func(oracle, _ *Response) {
		rewrite(oracle.Errors, unexpectedType, Recovered)
	},
}

// BatchLength: gqlgen numbers the results and parents of those batches into which it happens to cut
// the parents, and adds an index.
var BatchLength = Deviation{
	Name: "batch length",
	Reconcile: func(oracle, subject *Response) {
		for _, errs := range []gqlerror.List{oracle.Errors, subject.Errors} {
			rewrite(errs, batchLength, "batch resolver $1 returned the wrong number of $2")
		}
	},
}

// SubscriptionRoot: in an event, gqlgen's error paths do not begin with the subscription's field, its
// errors for that field itself do not know its name, and a null that the field may not have stays
// there, instead of making data null.
var SubscriptionRoot = Deviation{
	Name: "subscription root",
	Reconcile: func(oracle, subject *Response) {
		var event map[string]json.RawMessage
		if oracle.Operation != ast.Subscription || json.Unmarshal(oracle.Data, &event) != nil {
			return
		}
		for root, value := range event { // a single one
			addRoot(root, oracle.Errors, subject.Errors)
			if string(value) == "null" && compact(subject.Data) == "null" {
				oracle.Data = nil
			}
		}
		for _, errs := range []gqlerror.List{oracle.Errors, subject.Errors} {
			rewrite(errs, rootNull, "cannot return null for the root")
		}
	},
}

// addRoot puts the root before the paths of errors that the subject has with it.
func addRoot(root string, oracle, subject gqlerror.List) {
	known := map[string]bool{}
	for _, err := range subject {
		known[PathText(err.Path)] = true
	}
	for _, err := range oracle {
		if with := append(ast.Path{ast.PathName(root)}, err.Path...); known[PathText(with)] {
			err.Path = with
		}
	}
}

// NoLocations: gqlgen gives no locations for errors of batch resolvers, for nulls against the
// schema and for panics; package exec gives them always.
var NoLocations = Deviation{
	Name: "no locations",
	Reconcile: func(oracle, subject *Response) {
		without := map[string]bool{}
		for _, err := range oracle.Errors {
			if err.Locations == nil {
				without[PathText(err.Path)+err.Message] = true
			}
		}
		for _, err := range subject.Errors {
			if without[PathText(err.Path)+err.Message] {
				err.Locations = nil
			}
		}
	},
}

// LateErrors: gqlgen calls marshalers that may fail when it writes the answer, so that those of
// objects that have become null are never called; package exec reports them like any other error
// there. The marshalers' errors have the message.
func LateErrors(message string) Deviation {
	return Deviation{
		Name: "late errors",
		Reconcile: func(oracle, subject *Response) {
			known := map[string]bool{}
			for _, err := range oracle.Errors {
				known[PathText(err.Path)] = true
			}
			subject.Errors = slices.DeleteFunc(subject.Errors, func(err *gqlerror.Error) bool {
				return err.Message == message && !known[PathText(err.Path)]
			})
		},
	}
}

var (
	unexpectedType = regexp.MustCompile(`^batch resolver \S+ returned unexpected result type \(index \d+\)$`)
	rootNull       = regexp.MustCompile(`^cannot return null for non-null (element of )?(position|field Subscription\.\w+) \(.*\): .*$`)
	batchLength    = regexp.MustCompile(`^(?:index \d+: )?batch resolver (\S+) returned \d+ (results|errors) for \d+ parents(?: \(index \d+\))?$`)
)

func rewrite(errs gqlerror.List, from *regexp.Regexp, to string) {
	for _, err := range errs {
		err.Message = from.ReplaceAllString(err.Message, to)
	}
}
