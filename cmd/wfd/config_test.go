package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"workflowfactory/transport"
)

// clean takes every setting out of the environment of this test.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{"WFD_URL", "WFD_KEY"} { // of commands that are no server
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	for _, s := range (settings{}).list() {
		t.Setenv(s.Name, "") // so that it is put back afterwards
		os.Unsetenv(s.Name)
	}
	t.Chdir(t.TempDir()) // where there is no .env
}

// parsed gives the settings that a command line and the environment lead to.
func parsed(t *testing.T, args ...string) (settings, error) {
	t.Helper()
	var s settings
	parser, err := kong.New(&s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return s, err
}

func TestDocumentsListEverySetting(t *testing.T) {
	root := filepath.Join("..", "..")
	readme, example := text(t, filepath.Join(root, "README.md")), text(t, filepath.Join(root, ".env.example"))
	rows := regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (?:`([^`]*)` )?\\| (.*) \\|$").FindAllStringSubmatch(readme, -1)
	lines := regexp.MustCompile(`(?m)^#([A-Z_]+)=(.*)$`).FindAllStringSubmatch(example, -1)
	all := settings{}.list()
	if len(rows) != len(all) || len(lines) != len(all) {
		t.Fatalf("%d settings, %d in the README, %d in .env.example", len(all), len(rows), len(lines))
	}
	for i, s := range all {
		if row := rows[i]; row[1] != s.Name || row[2] != s.Default || row[3] != s.Meaning {
			t.Errorf("the README says %q, want | `%s` | `%s` | %s |", row[0], s.Name, s.Default, s.Meaning)
		}
		if line := lines[i]; line[1] != s.Name || line[2] != s.Default {
			t.Errorf(".env.example says %s, want #%s=%s", line[0], s.Name, s.Default)
		}
	}
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEverySettingComesFromItsVariable(t *testing.T) {
	clean(t)
	values := map[string]string{
		"ENV": "production", "LOG_LEVEL": "debug", "LOG_FORMAT": "json", "GRAPHIQL": "on", "PORT": "9000",
		"DATABASE_POOL_SIZE": "7", "DATABASE_STATEMENT_TIMEOUT": "7s", "DATABASE_LOCK_TIMEOUT": "8s", "EVENT_RETENTION": "24h0m0s", "SHUTDOWN_DELAY": "9s", "SHUTDOWN_TIMEOUT": "10s",
		"CORS_ORIGINS": "https://a.example.com,https://b.example.com",
		"RATE_BUCKET":  "11", "RATE_PER_SECOND": "12", "RATE_ANONYMOUS": "13", "TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8",
		"SESSION_IDLE": "1h0m0s", "SESSION_TTL": "2h0m0s", "LOGINS_PER_ACCOUNT": "14", "LOGINS_PER_ADDRESS": "15", "OIDC_ROLES": "a=ADMIN,b=VIEWER",
	}
	hidden := map[string]bool{"OIDC_CLIENT_SECRET": true, "DATABASE_URL": true, "NATS_URL": true, "ADMIN_API_KEY": true}
	for i, s := range (settings{}).list() {
		if strings.HasPrefix(s.Name, "LIMIT_") {
			values[s.Name] = strconv.Itoa(1000 + i)
			if _, err := time.ParseDuration(s.Default); err == nil {
				values[s.Name] += "ms"
				d, _ := time.ParseDuration(values[s.Name])
				values[s.Name] = d.String()
			}
		}
		if values[s.Name] == "" {
			values[s.Name] = "text of " + s.Name
		}
		t.Setenv(s.Name, values[s.Name])
	}
	s, err := parsed(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range s.list() {
		if want := values[one.Name]; hidden[one.Name] && one.Value != "(hidden)" || !hidden[one.Name] && one.Value != want {
			t.Errorf("%s is %q, want %q", one.Name, one.Value, want)
		}
	}
	if string(s.DatabaseURL) != "text of DATABASE_URL" || string(s.AdminAPIKey) != "text of ADMIN_API_KEY" {
		t.Error("a secret did not arrive")
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	s := settings{Web: Web{AdminAPIKey: "hunter2"}, Database: Database{DatabaseURL: "hunter2"}}
	var shown bytes.Buffer
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("settings", "all", s, "key", s.AdminAPIKey)
	if err := json.NewEncoder(&shown).Encode(s); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&shown).Encode(s.list()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown.String(), "hunter2") {
		t.Error(shown.String())
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	clean(t)
	development, err := parsed(t)
	if err != nil {
		t.Fatal(err)
	}
	production, err := parsed(t, "--env=production")
	if err != nil {
		t.Fatal(err)
	}
	if got := development.address(); got != "127.0.0.1:8000" {
		t.Errorf("development listens on %s", got)
	}
	if got := production.address(); got != ":8000" {
		t.Errorf("production listens on %s", got)
	}
	if len(development.origins()) == 0 || len(production.origins()) != 0 {
		t.Errorf("origins: %v and %v", development.origins(), production.origins())
	}
	if !development.playground() || production.playground() {
		t.Error("GraphiQL is for development alone")
	}
	if development.drainDelay() != 0 || production.drainDelay() != 5*time.Second {
		t.Errorf("delays: %s and %s", development.drainDelay(), production.drainDelay())
	}
}

// What is not set is what the packages themselves take for it.
func TestLimitsThatAreLeftOut(t *testing.T) {
	clean(t)
	s, err := parsed(t)
	if err != nil {
		t.Fatal(err)
	}
	want := transport.Limits{ListItems: 500}.WithDefaults() // as many as the mutations of many take
	if got := transport.Limits(s.Limits); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := parsed(t, "--limit-depth=x"); err == nil {
		t.Error("a limit of x")
	}
	if s, err = parsed(t, "--limit-depth=0", "--limit-header-time=-1s"); err != nil {
		t.Fatal(err)
	}
	err = s.check()
	for _, name := range []string{"LIMIT_DEPTH is 0", "LIMIT_HEADER_TIME is -1s"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not say that %s", err, name)
		}
	}
}

func TestUnsafeSettingsAreRefusedByName(t *testing.T) {
	clean(t)
	good := []string{
		"--env=production", "--database-url=postgres://u:p@db.example.com/wfd?sslmode=verify-full",
		"--admin-api-key=0123456789abcdef0123456789abcdee", "--cors-origins=https://app.example.com",
	}
	for _, test := range []struct {
		args []string
		say  []string // the settings that are named
	}{
		{good, nil},
		{nil, nil}, // development without any setting
		{[]string{"--cors-origins=*", "--admin-api-key=" + exampleKey, "--database-url=postgres://u:p@db/wfd"}, nil},
		{append(good[:1:1], "--admin-api-key="+exampleKey, "--cors-origins=*"), []string{"DATABASE_URL", "ADMIN_API_KEY", "CORS_ORIGINS"}},
		{append(good[:1:1], "--database-url=postgres://u:hunter2@db.example.com/wfd"), []string{"DATABASE_URL"}},
		{append(good[:1:1], "--database-url=postgres:///wfd?host=/var/run/postgresql"), nil},
		{append(good[:4:4], "--nats-url=nats://u:hunter2@nats.example.com"), []string{"NATS_URL"}},
		{append(good[:4:4], "--nats-url=tls://nats.example.com,nats://127.0.0.1:4222"), nil},
		{[]string{"--nats-url=nats://nats"}, nil},
		{[]string{"--session-idle=0s"}, []string{"SESSION_IDLE"}},
		{[]string{"--oidc-issuer=http://localhost"}, []string{"OIDC_ISSUER", "OIDC_ROLES"}},
		{[]string{"--oidc-issuer=http://localhost", "--oidc-audience=x", "--oidc-roles=a=ADMIN,b=VIEWER"}, nil},
		{[]string{"--oidc-issuer=http://localhost", "--oidc-audience=x", "--oidc-roles=a=AGENT"}, []string{"OIDC_ROLES"}},
		{append(good[:4:4], "--oidc-issuer=http://x", "--oidc-audience=x", "--oidc-roles=a=ADMIN", "--public-url=http://x"), []string{"OIDC_ISSUER", "PUBLIC_URL"}},
		{append(good[:4:4], "--oidc-issuer=https://x/realm", "--oidc-audience=x", "--oidc-roles=a=ADMIN", "--public-url=https://x"), nil},
		{[]string{"--public-url=x.example.com"}, []string{"PUBLIC_URL"}},
		{[]string{"--admin-api-key=short"}, []string{"ADMIN_API_KEY"}},
		{[]string{"--cors-origins=app.example.com"}, []string{"CORS_ORIGINS"}},
		{[]string{"--cors-origins=https://app.example.com/"}, []string{"CORS_ORIGINS"}},
	} {
		s, err := parsed(t, test.args...)
		if err != nil {
			t.Fatal(err)
		}
		problem := ""
		if err := s.check(); err != nil {
			problem = err.Error()
		}
		for _, name := range []string{"DATABASE_URL", "NATS_URL", "ADMIN_API_KEY", "CORS_ORIGINS", "SESSION_IDLE", "OIDC_ISSUER", "OIDC_ROLES", "PUBLIC_URL"} {
			named := strings.Contains(problem, name)
			wanted := strings.Contains(strings.Join(test.say, " "), name)
			if named != wanted {
				t.Errorf("%v: %q", test.args, problem)
			}
		}
		if strings.Contains(problem, "hunter2") {
			t.Errorf("%v: the password is in %q", test.args, problem)
		}
	}
}

func TestDotEnvIsForDevelopmentAndComesLast(t *testing.T) {
	clean(t)
	if err := os.WriteFile(".env", []byte("PORT=9001\nLOG_LEVEL=debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LOG_LEVEL", "warn")
	if err := loadDotEnv(); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("PORT") != "9001" || os.Getenv("LOG_LEVEL") != "warn" {
		t.Errorf("PORT=%s LOG_LEVEL=%s", os.Getenv("PORT"), os.Getenv("LOG_LEVEL"))
	}
	os.Unsetenv("PORT")
	t.Setenv("ENV", "production")
	if err := loadDotEnv(); err != nil || os.Getenv("PORT") != "" {
		t.Errorf("in production: PORT=%s, %v", os.Getenv("PORT"), err)
	}
}
