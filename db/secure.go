package db

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// CheckSecure says why somebody on the way could read or fake what goes to and from the database: each server that the
// URL names has to be reached by a Unix socket, or by TLS that verifies who it is.
func CheckSecure(url string) error {
	config, err := pgconn.ParseConfig(driverURL(url))
	if err != nil { // which may quote the password
		return errors.New("it cannot be read; it looks like postgres://user:password@host:5432/name?sslmode=verify-full")
	}
	ways := append([]*pgconn.FallbackConfig{{Host: config.Host, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	for _, way := range ways {
		if strings.HasPrefix(way.Host, "/") {
			continue
		}
		if way.TLSConfig == nil || way.TLSConfig.InsecureSkipVerify && way.TLSConfig.VerifyPeerCertificate == nil {
			return fmt.Errorf("%s is reached without verified TLS; add sslmode=verify-full, or use a local socket", way.Host)
		}
	}
	return nil
}
