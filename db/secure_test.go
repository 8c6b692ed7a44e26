package db

import (
	"strings"
	"testing"
)

func TestSecureDatabaseURLs(t *testing.T) {
	for _, name := range []string{"PGHOST", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"} {
		t.Setenv(name, "")
	}
	for url, secure := range map[string]bool{
		"postgres:///wfd?host=/var/run/postgresql":                                           true,
		"postgres://u:p@db.example.com/wfd?sslmode=verify-full":                              true,
		"postgresql+asyncpg://u:p@db.example.com/wfd?sslmode=verify-full":                    true,
		"postgres://u:p@a.example.com,b.example.com/wfd?sslmode=verify-full":                 true,
		"postgres://u:p@db.example.com/wfd":                                                  false, // prefer: TLS if the server feels like it
		"postgres://u:p@db.example.com/wfd?sslmode=disable":                                  false,
		"postgres://u:p@db.example.com/wfd?sslmode=require":                                  false, // with whomever
		"postgres://u:p@localhost/wfd?sslmode=disable":                                       false,
		"postgres://u:p@db.example.com:5432/wfd?sslmode=verify-full&host=/tmp,x.example.com": true,
		"nonsense":               false,
		"postgres://u:p@%zz/wfd": false,
	} {
		err := CheckSecure(url)
		if (err == nil) != secure {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: the password is in %v", url, err)
		}
	}
}
