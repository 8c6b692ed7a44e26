package auth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"workflowfactory/model"
)

// register keeps accounts in memory.
type register struct {
	Accounts // of which only what follows is asked
	people   map[string]*model.User
}

func (r register) UserByEmail(_ context.Context, email string) (*model.User, error) {
	if u, ok := r.people[email]; ok {
		return new(*u), nil
	}
	return nil, model.Errorf(model.NotFound, "nobody")
}

func (r register) StartSession(context.Context, *model.Session, *model.User, model.SessionLife) (model.Change, error) {
	return model.Change{Seq: 1}, nil
}

const password = "correct horse battery"

func newPeople(tb testing.TB) *People {
	tb.Helper()
	p := &People{}
	hash, err := p.hasher.hash(context.Background(), password)
	if err != nil {
		tb.Fatal(err)
	}
	u := &model.User{Noun: model.Noun{ID: model.NewID(model.KindUser)}, Email: "ada@example.com", Role: model.RoleViewer, Active: true, PasswordHash: hash}
	p.Accounts = register{people: map[string]*model.User{u.Email: u}}
	return p
}

func TestFewPasswordsAreHashedAtATime(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	var running, most, all atomic.Int32
	p.hasher.during = func(do func()) {
		now := running.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		all.Add(1)
		do()
		running.Add(-1)
	}
	var logins sync.WaitGroup
	for i := range 100 {
		logins.Go(func() {
			email := []string{"ada@example.com", "nobody@example.com"}[i%2]
			_, err := p.Login(t.Context(), model.LoginInput{Email: email, Password: password}, "")
			if (err == nil) != (i%2 == 0) {
				t.Errorf("%s: %v", email, err)
			}
		})
	}
	logins.Wait()
	if most.Load() > int32(min(maxHashes, runtime.GOMAXPROCS(0))) || all.Load() != 100 {
		t.Errorf("%d of %d hashes at a time", most.Load(), all.Load())
	}
	if most.Load() < 2 && runtime.GOMAXPROCS(0) > 1 {
		t.Error("the control saw no two hashes at a time, so it cannot see five")
	}
}

func TestWaitingForAHashEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	release := make(chan struct{})
	var busy, holding sync.WaitGroup
	holding.Add(cap(p.hasher.slots))
	p.hasher.during = func(do func()) { holding.Done(); <-release; do() }
	for range cap(p.hasher.slots) {
		busy.Go(func() { _, _ = p.hasher.hash(context.Background(), password) })
	}
	holding.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Login(ctx, model.LoginInput{Email: "ada@example.com", Password: password}, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(release)
	busy.Wait()
}

func TestPasswordsThatMustNotBe(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "elevenchars", strings.Repeat("x", 1025), strings.Repeat("ä", 513)} {
		if err := checkPassword("password", bad); code(err) != model.BadUserInput || !strings.Contains(err.Error(), "12") || !strings.Contains(err.Error(), "1024") {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	for _, good := range []string{"twelve chars", strings.Repeat("ä", 12), strings.Repeat("x", 1024), newPassword()} {
		if err := checkPassword("password", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestHashesAreAsCostlyAsTheyShallBe(t *testing.T) {
	t.Parallel()
	p := newPeople(t)
	hash, err := p.hasher.hash(t.Context(), password)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	again, err := p.hasher.hash(t.Context(), password)
	if err != nil || again == hash {
		t.Errorf("two hashes of one password are the same: %v", err)
	}
	if known, _, _, err := argon2id.DecodeHash(p.hasher.decoy); err != nil || *known != cost {
		t.Errorf("the decoy costs %+v, %v", known, err)
	}
	for given, want := range map[string]bool{password: true, password + " ": false, "": false} {
		if ok, err := p.hasher.matches(t.Context(), given, hash); err != nil || ok != want {
			t.Errorf("%q: %t, %v", given, ok, err)
		}
	}
	if ok, err := p.hasher.matches(t.Context(), password, ""); ok || err != nil {
		t.Errorf("nobody's hash: %t, %v", ok, err)
	}
}

// BenchmarkLogin gives how much longer a wrong password takes for somebody who has an account than for a stranger, which is
// what a stranger could tell the two apart by: the ratio of the medians, of logins in random order.
func BenchmarkLogin(b *testing.B) {
	p := newPeople(b)
	emails := [2]string{"ada@example.com", "nobody@example.com"}
	var took [2][]time.Duration
	for b.Loop() {
		for _, who := range rand.Perm(2) {
			began := time.Now()
			if _, err := p.Login(b.Context(), model.LoginInput{Email: emails[who], Password: "a wrong password"}, ""); code(err) != model.Unauthenticated {
				b.Fatal(err)
			}
			took[who] = append(took[who], time.Since(began))
		}
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return all[len(all)/2].Seconds() * 1000
	}
	known, unknown := median(took[0]), median(took[1])
	b.ReportMetric(known, "known-ms")
	b.ReportMetric(unknown, "unknown-ms")
	b.ReportMetric(known/unknown, "known/unknown")
}

// BenchmarkLoginsAtOnce has a hundred people sign in at the same time, and gives how large the heap ever was. Each way of
// collecting needs a process of its own, since memory that was once taken counts for good.
func BenchmarkLoginsAtOnce(b *testing.B) {
	for _, percent := range []int{100, 400} {
		b.Run(fmt.Sprintf("GOGC=%d", percent), func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(percent))
			p := newPeople(b)
			for b.Loop() {
				var logins sync.WaitGroup
				for range 100 {
					logins.Go(func() {
						if _, err := p.Login(b.Context(), model.LoginInput{Email: "ada@example.com", Password: password}, ""); err != nil {
							b.Error(err)
						}
					})
				}
				logins.Wait()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/1e6, "MB-heap")
		})
	}
}
