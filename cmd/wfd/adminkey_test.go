package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"workflowfactory/auth"
)

func TestDevelopmentKeyIsMadeOnceForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data", "admin-key")
	var mu sync.Mutex
	keys := map[string]int{}
	var processes sync.WaitGroup
	for range 20 {
		processes.Go(func() {
			key, err := keptKey(file)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			keys[key]++
		})
	}
	processes.Wait()
	if len(keys) != 1 {
		t.Errorf("%d keys were made", len(keys))
	}
	for key := range keys {
		if len(key) < auth.MinLiteral {
			t.Errorf("%q is too short", key)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(file + "-*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSpoiltKeyFileIsNotReplaced(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admin-key")
	if err := os.WriteFile(file, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := keptKey(file); err == nil {
		t.Errorf("took %q", key)
	}
}

func TestProductionMakesNoKey(t *testing.T) {
	t.Parallel()
	s := settings{General: General{Env: "production"}, Database: Database{DataDir: filepath.Join(t.TempDir(), "none")}}
	if key, err := s.adminKey(); key != "" || err != nil {
		t.Errorf("%q, %v", key, err)
	}
	if _, err := os.Stat(s.DataDir); err == nil {
		t.Error("it made a folder")
	}
}
