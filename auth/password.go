package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"workflowfactory/model"
)

const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
	// maxHashes bounds how many passwords are hashed at a time, each in 19 MiB of memory; more than there are processors never are.
	maxHashes = 4
)

// cost is what a guess at a password costs: what OWASP recommends for argon2id where memory is not to be plenty.
var cost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hasher hashes passwords, a few at a time: the others wait. The zero value is ready.
type hasher struct {
	begin sync.Once
	slots chan struct{}
	decoy string        // the hash of a password that nobody has
	left  atomic.Uint64 // bytes that hashes left behind since they had the collector run

	during func(do func()) // around each computation; nil but in tests
}

// checkPassword says, as BAD_USER_INPUT about that field, why a password must not be.
func checkPassword(field, password string) error {
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword {
		return model.BadInput(field, "a password has at least %d characters and at most %d bytes", minPassword, maxPassword)
	}
	return nil
}

// newPassword makes a password that nobody guesses.
func newPassword() string { return strings.ToLower(rand.Text()) }

// hash gives what is kept of a password. It waits for its turn as long as the context lets it.
func (h *hasher) hash(ctx context.Context, password string) (hash string, err error) {
	turnErr := h.turn(ctx, func() { hash, err = argon2id.CreateHash(password, &cost) })
	return hash, firstError(turnErr, err)
}

// matches says whether the hash is that of the password. It takes the same time for a hash that is "", which none is of.
func (h *hasher) matches(ctx context.Context, password, hash string) (ok bool, err error) {
	turnErr := h.turn(ctx, func() {
		known := hash
		if known == "" {
			known = h.decoy
		}
		ok, err = argon2id.ComparePasswordAndHash(password, known)
	})
	return ok && hash != "", firstError(turnErr, err)
}

// turn does a computation when there is a place for it.
func (h *hasher) turn(ctx context.Context, do func()) error {
	h.begin.Do(func() {
		h.slots = make(chan struct{}, min(maxHashes, runtime.GOMAXPROCS(0)))
		h.decoy, _ = argon2id.CreateHash(newPassword(), &cost) // fails when there is no randomness, and then crypto/rand has ended the process
	})
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
	if h.during != nil {
		h.during(do)
	} else {
		do()
	}
	h.tidy()
	return nil
}

// tidy has the collector run once hashes have left as much memory behind as is in use, two hashes' at least. By itself it
// waits until there is GOGC percent more than was in use while hashes were under way, which for many sign-ins in a row was
// hundreds of MiB.
func (h *hasher) tidy() {
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(used)
	each := uint64(cost.Memory) << 10
	if h.left.Add(each) < max(2*each, used[0].Value.Uint64()) {
		return
	}
	h.left.Store(0)
	runtime.GC()
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
