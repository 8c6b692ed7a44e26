package migrations

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

var nameRE = regexp.MustCompile(`^[a-z0-9_]+$`)

// Create begins the next migration in dir, the source folder of this package, and gives the paths of the up and the
// down file. The name is of lower-case letters, digits and underscores. The program must be built anew to know it.
func Create(dir, name string) ([]string, error) {
	if !nameRE.MatchString(name) {
		return nil, fmt.Errorf("create migration %q: use lower-case letters, digits and underscores", name)
	}
	last, err := lastNumber(dir)
	if err != nil {
		return nil, fmt.Errorf("create migration %s: %w", name, err)
	}
	var paths []string
	for _, way := range []string{"up", "down"} {
		path := filepath.Join(dir, fmt.Sprintf("%04d_%s.tx.%s.sql", last+1, name, way))
		if err := writeNew(path, "-- "+name+", "+way+": runs in one transaction.\n"); err != nil {
			return paths, fmt.Errorf("create migration %s: %w", name, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// lastNumber also tells a wrong folder from the right one: the latter holds migrations.
func lastNumber(dir string) (int, error) {
	if _, err := newSet(os.DirFS(dir)); err != nil {
		return 0, err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.up.sql"))
	if err != nil || len(found) == 0 {
		return 0, fmt.Errorf("%s holds no migrations", dir)
	}
	return strconv.Atoi(filepath.Base(found[len(found)-1])[:4])
}

func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
