package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"workflowfactory/auth"
	"workflowfactory/db"
)

// adminKey is the key that the setting names. In development, where it may be left out, a key is made once and kept, so
// that links go on working; "" means that there is none.
func (s settings) adminKey() (string, error) {
	if s.AdminAPIKey != "" || s.production() {
		return string(s.AdminAPIKey), nil
	}
	dir, err := s.dir()
	if err != nil {
		return "", err
	}
	key, err := keptKey(filepath.Join(dir, "admin-key"))
	if err != nil {
		return "", fmt.Errorf("keep a key for development: set ADMIN_API_KEY instead: %w", err)
	}
	return key, nil
}

// keptKey reads the key in the file, and makes one if there is no file.
func keptKey(file string) (string, error) {
	key, err := readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(file); err != nil {
		return "", err
	}
	return readKey(file)
}

func readKey(file string) (string, error) {
	kept, err := os.ReadFile(file)
	key := strings.TrimSpace(string(kept))
	if err == nil && len(key) < auth.MinLiteral {
		err = fmt.Errorf("%s holds no key: delete it", file)
	}
	return key, err
}

// makeKey writes a new key for this user's eyes alone. Of two processes that do so at once, the first wins.
func makeKey(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "admin-key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = fmt.Fprintln(temporary, "wfd_admin_"+strings.ToLower(rand.Text()+rand.Text()))
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// installAdminKey lets the key be used.
func installAdminKey(ctx context.Context, access db.Access, key string) error {
	if key == "" {
		return nil
	}
	if err := access.InstallKey(ctx, auth.Literal("admin", key)); err != nil {
		return fmt.Errorf("install ADMIN_API_KEY: %w", err)
	}
	return nil
}
