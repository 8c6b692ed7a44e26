package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"workflowfactory/db"
)

// Every setting there is. A setting is an environment variable and, for the commands that it concerns, a flag; its help
// is what the README and .env.example say of it.

// General settings concern every command.
type General struct {
	Env       string `env:"ENV" enum:"development,production" default:"development" group:"General" help:"development or production. Production refuses to start on unsafe settings."`
	LogLevel  string `env:"LOG_LEVEL" enum:"debug,info,warn,error" default:"info" group:"General" help:"The least level that is logged: debug, info, warn or error."`
	LogFormat string `env:"LOG_FORMAT" enum:"auto,text,json" default:"auto" group:"General" help:"How lines are logged: text, json, or auto for text on a terminal and JSON otherwise."`
}

// Database settings say where the data is.
type Database struct {
	DatabaseURL              secret        `name:"database-url" env:"DATABASE_URL" group:"Database" help:"The PostgreSQL to use (14 or later), as postgres://… Without it a private one is started and kept in WFD_DATA_DIR."`
	DataDir                  string        `env:"WFD_DATA_DIR" placeholder:"DIR" group:"Database" help:"Folder of the private PostgreSQL and of the development key. /var/lib/wfd for root, else ~/.local/share/wfd."`
	PgBin                    string        `env:"WFD_PG_BIN" placeholder:"DIR" group:"Database" help:"Folder of the postgres and initdb programs. The usual places are searched without it."`
	DatabasePoolSize         int           `env:"DATABASE_POOL_SIZE" default:"16" group:"Database" help:"How many connections one process keeps."`
	DatabaseStatementTimeout time.Duration `env:"DATABASE_STATEMENT_TIMEOUT" default:"5s" group:"Database" help:"How long one statement may run."`
	DatabaseLockTimeout      time.Duration `env:"DATABASE_LOCK_TIMEOUT" default:"3s" group:"Database" help:"How long one statement may wait for a lock."`
	EventRetention           time.Duration `env:"EVENT_RETENTION" default:"2160h" group:"Database" help:"How long events are kept, in whole partitions; 90 days."`
	NATSURL                  secret        `name:"nats-url" env:"NATS_URL" group:"Database" help:"A NATS with JetStream that carries events between processes, for more than some twenty of them. They read from the database without it."`
}

// Web settings concern the server that listens.
type Web struct {
	Port             uint16         `env:"PORT" default:"8000" group:"Server" help:"The port to listen on."`
	Host             string         `env:"HOST" group:"Server" help:"The address to listen on. 127.0.0.1 in development and every address in production without it."`
	AdminAPIKey      secret         `name:"admin-api-key" env:"ADMIN_API_KEY" group:"Server" help:"A key of role ADMIN to install at start, 32 characters or more. In development one is made and kept without it."`
	CorsOrigins      []string       `env:"CORS_ORIGINS" group:"Server" help:"Web origins, separated by commas, whose pages may use the API. http://localhost:3000 and http://localhost:5173 in development without it."`
	Graphiql         string         `env:"GRAPHIQL" enum:"auto,on,off" default:"auto" group:"Server" help:"GraphiQL at /graphiql: on, off, or auto for on in development alone."`
	RateBucket       int            `env:"RATE_BUCKET" default:"10000" group:"Server" help:"How many points one caller can save up. Each operation costs one, and one more for each object that it may touch; what it did not touch is given back."`
	RatePerSecond    int            `env:"RATE_PER_SECOND" default:"500" group:"Server" help:"How many points a caller gets back a second; 0 for no limit."`
	RateAnonymous    int            `env:"RATE_ANONYMOUS" default:"20" group:"Server" help:"How many operations a second one address may ask for without a credential; 0 for no limit."`
	TrustedDocuments string         `env:"TRUSTED_DOCUMENTS" placeholder:"FILE" group:"Server" help:"Manifest of the only operations to run, made by wfd documents extract. Any operation may be run without it."`
	TrustedProxies   []netip.Prefix `env:"TRUSTED_PROXIES" group:"Server" help:"Networks of proxies, separated by commas, whose X-Forwarded-For is believed, such as 10.0.0.0/8."`
	ShutdownDelay    *time.Duration `env:"SHUTDOWN_DELAY" group:"Server" help:"How long to go on serving after a SIGTERM while load balancers look away. 5s in production and none in development without it."`
	ShutdownTimeout  time.Duration  `env:"SHUTDOWN_TIMEOUT" default:"20s" group:"Server" help:"How long requests may then take to finish."`
}

// People settings say how people sign in.
type People struct {
	SessionIdle      time.Duration `env:"SESSION_IDLE" default:"12h" group:"People" help:"How long a person stays signed in without doing anything."`
	SessionTTL       time.Duration `name:"session-ttl" env:"SESSION_TTL" default:"168h" group:"People" help:"How long a person stays signed in at most; 7 days."`
	LoginsPerAccount int           `env:"LOGINS_PER_ACCOUNT" default:"5" group:"People" help:"How often a minute may be tried to sign in to one account, at each process; 0 for no limit."`
	LoginsPerAddress int           `env:"LOGINS_PER_ADDRESS" default:"20" group:"People" help:"How often a minute one address may try to sign in, at each process; 0 for no limit."`
	PublicURL        string        `name:"public-url" env:"PUBLIC_URL" group:"People" help:"Where people reach this server, such as https://wfd.example.com. Needed to sign in at an OpenID Connect provider with a browser."`
	OIDCIssuer       string        `name:"oidc-issuer" env:"OIDC_ISSUER" group:"People" help:"An OpenID Connect provider whose word is taken for who people are, such as https://login.example.com."`
	OIDCAudience     string        `name:"oidc-audience" env:"OIDC_AUDIENCE" group:"People" help:"Whom its tokens are made out to: the client id that it has given this server."`
	OIDCClientSecret secret        `name:"oidc-client-secret" env:"OIDC_CLIENT_SECRET" group:"People" help:"The secret that goes with it, if there is one."`
	OIDCRoleClaim    string        `name:"oidc-role-claim" env:"OIDC_ROLE_CLAIM" default:"roles" group:"People" help:"The claim that gives a person's role: a text or a list of them. Dots lead into objects, as in realm_access.roles."`
	OIDCRoles        []string      `name:"oidc-roles" env:"OIDC_ROLES" group:"People" help:"The roles by the value of that claim, separated by commas, such as wfd-admins=ADMIN,staff=VIEWER. Whom it gives none is refused."`
}

// settings is all of them.
type settings struct {
	General
	Database
	Web
	People
	Limits      `prefix:"limit-" group:"Limits"`
	Connections `prefix:"limit-" group:"Limits"`
}

// secret is text that is never shown.
type secret string

// String stands for the secret wherever it would be shown.
func (s secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// LogValue keeps the secret out of logs.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the secret out of JSON.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (g General) production() bool { return g.Env == "production" }

func (d Database) options() db.Options {
	return db.Options{
		PoolSize: d.DatabasePoolSize, StatementTimeout: d.DatabaseStatementTimeout, LockTimeout: d.DatabaseLockTimeout,
	}
}

func (s settings) address() string {
	host := s.Host
	if host == "" && !s.production() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(s.Port)))
}

// dialAddress is where a program on this machine reaches the server.
func (s settings) dialAddress() string {
	host := s.Host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(s.Port)))
}

func (s settings) origins() []string {
	if len(s.CorsOrigins) == 0 && !s.production() {
		return []string{"http://localhost:3000", "http://localhost:5173"}
	}
	return s.CorsOrigins
}

func (s settings) playground() bool {
	return s.Graphiql == "on" || s.Graphiql == "auto" && !s.production()
}

func (s settings) drainDelay() time.Duration {
	switch {
	case s.ShutdownDelay != nil:
		return *s.ShutdownDelay
	case s.production():
		return 5 * time.Second
	}
	return 0
}

// setting is one setting, for those who read about it.
type setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Meaning string `json:"meaning"`
}

// list gives every setting in the order in which they stand above, with its effective value.
func (s settings) list() []setting {
	var all []setting
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		group := v.Field(i)
		for j := range group.NumField() {
			tag := group.Type().Field(j).Tag
			all = append(all, setting{
				Name: tag.Get("env"), Value: show(group.Field(j)), Default: tag.Get("default"), Meaning: tag.Get("help"),
			})
		}
	}
	return all
}

func show(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case []string:
		return strings.Join(value, ",")
	case []netip.Prefix:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(value), " ", ","), "[]")
	case *time.Duration:
		if value == nil {
			return ""
		}
		return value.String()
	}
	return fmt.Sprint(v.Interface())
}
