package auth

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"workflowfactory/model"
)

// shelf keeps credentials in memory and counts how often it is asked.
type shelf struct {
	mu     sync.Mutex
	keys   map[model.ID]*model.APIKey
	others map[model.ID]*model.Credential // that are no keys
	asked  int
	used   []model.ID
	err    error
}

func (s *shelf) Credentials(_ context.Context, ids []model.ID) ([]*model.Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	var found []*model.Credential
	for _, id := range ids {
		if k, ok := s.keys[id]; ok {
			found = append(found, &model.Credential{
				ID: k.ID, Name: k.Name, SecretHash: k.SecretHash, Role: k.Role, AgentID: k.AgentID, Active: true,
				ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
			})
		}
		if one, ok := s.others[id]; ok {
			found = append(found, new(*one))
		}
	}
	return found, s.err
}

func (s *shelf) MarkUsed(_ context.Context, ids []model.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = append(s.used, ids...)
	return s.err
}

func (s *shelf) change(id model.ID, do func(*model.APIKey)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.keys[id])
}

func (s *shelf) lookups() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *shelf) mint(t *testing.T, in model.CreateAPIKeyInput) (*model.APIKey, string) {
	t.Helper()
	k, secret, err := Mint(in, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[model.ID]*model.APIKey{}
	}
	s.keys[k.ID] = k
	return k, secret
}

func newTest(t *testing.T) (*Authenticator, *shelf) {
	t.Helper()
	s := &shelf{keys: map[model.ID]*model.APIKey{}}
	return New(s, slog.New(slog.DiscardHandler)), s
}

// run keeps watch for as long as the test lasts.
func run(t *testing.T, a *Authenticator) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return func() { cancel(); running.Wait() }
}

func code(err error) model.Code {
	if e, ok := errors.AsType[*model.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestGoodKeyGivesItsCaller(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	agent := model.NewID(model.KindAgent)
	k, secret := s.mint(t, model.CreateAPIKeyInput{Name: "robot", Role: model.RoleAgent, AgentID: &agent})
	caller, err := a.Authenticate(t.Context(), secret)
	want := model.Caller{ID: k.ID, Name: "robot", Role: model.RoleAgent, AgentID: agent}
	if err != nil || caller != want {
		t.Errorf("%+v, %v; want %+v", caller, err, want)
	}
}

func TestBadTokensAreUnauthenticated(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	_, secret := s.mint(t, model.CreateAPIKeyInput{Name: "good", Role: model.RoleViewer})
	_, stranger, _ := Mint(model.CreateAPIKeyInput{Name: "unknown", Role: model.RoleAdmin}, time.Now())
	expired, expiredSecret := s.mint(t, model.CreateAPIKeyInput{Name: "expired", Role: model.RoleViewer})
	expired.ExpiresAt = new(time.Now())
	revoked, revokedSecret := s.mint(t, model.CreateAPIKeyInput{Name: "revoked", Role: model.RoleViewer})
	revoked.RevokedAt = new(time.Now())
	other := flip(secret, len(secret)-checksumLength-1)
	forged := other[:len(other)-checksumLength]
	for name, token := range map[string]string{
		"empty": "", "short": "wfk_", "long": secret + secret + secret + secret + secret + secret + secret, "mistyped": other,
		"right id, other secret": forged + checksum(forged), "not kept": stranger, "expired": expiredSecret, "revoked": revokedSecret,
		"of no shape": "0123456789abcdef0123456789abcdef",
	} {
		if caller, err := a.Authenticate(t.Context(), token); code(err) != model.Unauthenticated || caller != (model.Caller{}) {
			t.Errorf("%s: %+v, %v", name, caller, err)
		}
	}
}

func flip(s string, at int) string {
	b := []byte(s)
	b[at] = map[bool]byte{true: 'b', false: 'a'}[b[at] == 'a']
	return string(b)
}

func TestLiteralKeyWorks(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	const secret = "wfd_admin_0123456789abcdef0123456789abcdef"
	k := Literal("admin", secret)
	s.keys[k.ID] = k
	if caller, err := a.Authenticate(t.Context(), secret); err != nil || caller.Role != model.RoleAdmin {
		t.Errorf("%+v, %v", caller, err)
	}
	if _, err := a.Authenticate(t.Context(), secret+"x"); code(err) != model.Unauthenticated {
		t.Errorf("a longer token: %v", err)
	}
}

func TestMistypedTokensAskNobody(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	_, secret := s.mint(t, model.CreateAPIKeyInput{Name: "good", Role: model.RoleViewer})
	for i := len(keyPrefix); i < len(secret); i++ {
		if _, err := a.Authenticate(t.Context(), flip(secret, i)); code(err) != model.Unauthenticated {
			t.Fatalf("a token with byte %d changed: %v", i, err)
		}
	}
	if s.asked != 0 {
		t.Errorf("the database was asked %d times", s.asked)
	}
}

func TestFailingLookupIsNotUnauthenticated(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	_, secret := s.mint(t, model.CreateAPIKeyInput{Name: "good", Role: model.RoleViewer})
	s.err = errors.New("no connection")
	if _, err := a.Authenticate(t.Context(), secret); err == nil || code(err) != "" {
		t.Errorf("%v", err)
	}
	s.err = nil
	if _, err := a.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("after the database came back: %v", err)
	}
}

func TestRevokedKeyStopsWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newTest(t)
		k, secret := s.mint(t, model.CreateAPIKeyInput{Name: "robot", Role: model.RoleManager})
		defer run(t, a)()
		if _, err := a.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		s.change(k.ID, func(k *model.APIKey) { k.RevokedAt = new(time.Now()) })
		revoked := time.Now()
		for {
			_, err := a.Authenticate(t.Context(), secret)
			if code(err) == model.Unauthenticated {
				break
			}
			if time.Since(revoked) > 5*time.Second {
				t.Fatalf("still works after %s: %v", time.Since(revoked), err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

func TestBusyKeyIsReadOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newTest(t)
		_, secret := s.mint(t, model.CreateAPIKeyInput{Name: "robot", Role: model.RoleManager})
		for range 1000 {
			if _, err := a.Authenticate(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if most := 1 + int(10*time.Second/freshness); s.asked > most {
			t.Errorf("1,000 requests in 10 s read the key %d times, want at most %d", s.asked, most)
		}
	})
}

func (c *cache) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

func TestStrangersTakeBoundedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := newTest(t)
		stop := run(t, a)
		for range maxKnown + 1000 {
			_, token, _ := Mint(model.CreateAPIKeyInput{Name: "x", Role: model.RoleViewer}, time.Now())
			if _, err := a.Authenticate(t.Context(), token); code(err) != model.Unauthenticated {
				t.Fatal(err)
			}
		}
		if n := a.known.size(); n > maxKnown {
			t.Errorf("%d entries", n)
		}
		time.Sleep(3 * freshness)
		stop()
		if n := a.known.size(); n != 0 {
			t.Errorf("%d entries are kept beyond their time", n)
		}
	})
}

func TestUnboundKeyActsAsItsAgentAtOnce(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	k, secret := s.mint(t, model.CreateAPIKeyInput{Name: "robot", Role: model.RoleAgent})
	caller, err := a.Authenticate(t.Context(), secret)
	if err != nil || !caller.AgentID.IsZero() {
		t.Fatalf("%+v, %v", caller, err)
	}
	caller.RequestID = "r1"
	open := model.WithCaller(t.Context(), caller)
	if got := model.CallerFrom(a.Current(open)); got != caller {
		t.Errorf("before registering: %+v", got)
	}
	agent := model.NewID(model.KindAgent)
	s.change(k.ID, func(k *model.APIKey) { k.AgentID = agent })
	if again, err := a.Authenticate(t.Context(), secret); err != nil || again.AgentID != agent {
		t.Errorf("the next request: %+v, %v", again, err)
	}
	if got := model.CallerFrom(a.Current(open)); got.AgentID != agent || got.RequestID != "r1" {
		t.Errorf("the open connection: %+v", got)
	}
}

func TestWatchEndsWithTheCredential(t *testing.T) {
	for name, spoil := range map[string]func(*shelf, *model.APIKey){
		"revoked": func(s *shelf, k *model.APIKey) {
			s.change(k.ID, func(k *model.APIKey) { k.RevokedAt = new(time.Now()) })
		},
		"expired": func(s *shelf, k *model.APIKey) {
			s.change(k.ID, func(k *model.APIKey) { k.ExpiresAt = new(time.Now()) })
		},
		"deleted": func(s *shelf, k *model.APIKey) {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.keys, k.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, s := newTest(t)
				k, _ := s.mint(t, model.CreateAPIKeyInput{Name: "bad", Role: model.RoleViewer})
				good, _ := s.mint(t, model.CreateAPIKeyInput{Name: "good", Role: model.RoleViewer})
				defer run(t, a)()
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				ends := a.Watch(ctx, model.Caller{ID: k.ID, Role: k.Role})
				stays := a.Watch(ctx, model.Caller{ID: good.ID, Role: good.Role})
				time.Sleep(10 * time.Second)
				if ends.Err() != nil || stays.Err() != nil {
					t.Fatal("ended before anything happened")
				}
				spoil(s, k)
				time.Sleep(5 * time.Second)
				if code(context.Cause(ends)) != model.Unauthenticated {
					t.Errorf("after 5 s: %v", context.Cause(ends))
				}
				if stays.Err() != nil {
					t.Error("another key's connection ended too")
				}
			})
		})
	}
}

func TestOneQuestionForAllConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newTest(t)
		ctx, leave := context.WithCancel(t.Context())
		for range 300 {
			k, _ := s.mint(t, model.CreateAPIKeyInput{Name: "x", Role: model.RoleViewer})
			a.Watch(ctx, model.Caller{ID: k.ID, Role: k.Role})
			a.Watch(ctx, model.Caller{ID: k.ID, Role: k.Role})
		}
		stop := run(t, a)
		time.Sleep(10*freshness + freshness/2)
		if s.lookups() != 10 {
			t.Errorf("600 connections were looked after with %d questions in 10 rounds", s.lookups())
		}
		leave()
		synctest.Wait()
		if ids := a.watched.ids(); len(ids) != 0 {
			t.Errorf("%d are watched after their connection ended", len(ids))
		}
		stop()
	})
}

func TestNobodyIsNotWatched(t *testing.T) {
	t.Parallel()
	a, _ := newTest(t)
	if ctx := a.Watch(t.Context(), model.Caller{}); ctx != t.Context() || len(a.watched.ids()) != 0 {
		t.Error("an anonymous connection is watched")
	}
}

func TestUseIsNotedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newTest(t)
		recent, recentSecret := s.mint(t, model.CreateAPIKeyInput{Name: "recent", Role: model.RoleViewer})
		recent.LastUsedAt = new(time.Now())
		old, oldSecret := s.mint(t, model.CreateAPIKeyInput{Name: "old", Role: model.RoleViewer})
		old.LastUsedAt = new(time.Now().Add(-time.Hour))
		first, firstSecret := s.mint(t, model.CreateAPIKeyInput{Name: "first", Role: model.RoleViewer})
		stop := run(t, a)
		for range 50 {
			for _, secret := range []string{recentSecret, oldSecret, firstSecret} {
				if _, err := a.Authenticate(t.Context(), secret); err != nil {
					t.Fatal(err)
				}
			}
		}
		stop() // what is not written yet is written at the end
		slices.SortFunc(s.used, func(a, b model.ID) int { return slices.Compare(a[:], b[:]) })
		if want := []model.ID{old.ID, first.ID}; !slices.Equal(s.used, want) {
			t.Errorf("noted %v, want %v", s.used, want)
		}
	})
}
