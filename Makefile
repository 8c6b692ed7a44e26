# `make` lists what there is to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# Without the paths of this checkout, what was compiled in another one can be used.
GO_BUILD := go build -trimpath
STATICCHECK := go tool -modfile=tools/go.mod staticcheck

WEB_SOURCES := $(shell find web -name node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -path web/bench -prune -o -type f -not -name '*.go' -print 2>/dev/null)
HAS_NODE := $(shell command -v npm 2>/dev/null)

##@ Run

.PHONY: run
run: ## Build everything and start on an empty machine, with demonstration data and a link that is signed in
	@$(MAKE) --question web/dist/index.html 2>/dev/null || $(MAKE) --no-print-directory --jobs=2 try-web warm
	@$(MAKE) --no-print-directory bin/wfd
	@exec bin/wfd serve --seed

.PHONY: ui-dev
ui-dev: web/node_modules/.package-lock.json ## Serve the front end from source on port 5173, beside a server on port 8000
	cd web && npm run dev

##@ Build

.PHONY: build
build: web bin/wfd ## Build the front end and the program, bin/wfd

.PHONY: bin/wfd
bin/wfd:
	@$(GO_BUILD) -ldflags '-X workflowfactory/graph.version=$(VERSION)' -o $@ ./cmd/wfd

.PHONY: web
web: web/dist/index.html ## Build the front end, if its sources changed

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build --silent
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --prefer-offline
	@touch $@

web/codegen/node_modules/.package-lock.json: web/codegen/package-lock.json
	cd web/codegen && npm ci --no-audit --no-fund --prefer-offline
	@touch $@

# The server runs without the front end too, and says on its pages how to build it.
.PHONY: try-web
try-web:
ifeq ($(HAS_NODE),)
	@echo 'Node.js is not installed: starting without the dashboard and GraphiQL.'
else
	@$(MAKE) --no-print-directory --silent web || echo 'The front end could not be built: starting without what is new in it.'
endif

# Compiles what does not carry the front end, while that is being built.
.PHONY: warm
warm:
	@$(GO_BUILD) ./server ./db/...

##@ Test

.PHONY: test
test: web/node_modules/.package-lock.json ## Run every test; needs Go, Node, Python and the programs of PostgreSQL
	cd web && npm test
	go test ./...

.PHONY: e2e
e2e: build ## Run the front end's tests in Chromium, against a server of their own
	.ci/e2e

.PHONY: race
race: ## Run the tests of the packages with concurrency under the race detector
	go test -race ./agent ./auth ./db ./dispatch ./event ./exec/... ./graph ./server ./transport

FUZZTIME ?= 20s

.PHONY: fuzz
fuzz: ## Give every fuzz test inputs that nobody thought of, for FUZZTIME each
	.ci/fuzz $(FUZZTIME)

.PHONY: check
check: fresh lint web-lint schema-lint migrations ## Check generated code, style and migrations

.PHONY: lint
lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'not formatted:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

.PHONY: web-lint
web-lint: web/node_modules/.package-lock.json
	cd web && npm run --silent typecheck && npm run --silent lint

tools/schema/node_modules/.package-lock.json: tools/schema/package-lock.json
	cd tools/schema && npm ci --no-audit --no-fund --prefer-offline --ignore-scripts
	@touch $@

.PHONY: schema-lint
schema-lint: tools/schema/node_modules/.package-lock.json ## Check how the schema is written, and that it breaks no client of the last release
	cd tools/schema && npm run --silent lint && npm test --silent && npm run --silent breaking

.PHONY: fresh
fresh: generate
	git diff --exit-code -- '*.go' '*.ts' '*.graphqls'

.PHONY: migrations
migrations:
	go test -count=1 ./db/migrations

.PHONY: bench
bench: ## Compare the server with the least that any server could do, and with gqlgen's own executor
	go run ./bench
	go test ./event -run '^$$' -bench WriteToSubscriber -benchtime 1x

.PHONY: soak
soak: ## Run the concurrency tests again and again, for an hour
	go test ./e2e -run HistoryOfAgents -runs 10 -timeout 60m
	go test ./event -count=1 -v -run 'KillNine|ExactHistory|ComeAndGo' -soak 5m -timeout 40m
	go test -race -count=20 -timeout=40m ./db ./transport

##@ Change

.PHONY: generate
generate: web/codegen/node_modules/.package-lock.json ## Generate code from schema.graphqls, for the server and the front end
	go run ./exec/codegen
	go generate ./exec/exectest/... ./transport/transporttest
	cd web/codegen && npm run --silent generate

.PHONY: clean
clean: ## Remove what was built; data stays
	rm -rf bin web/node_modules web/codegen/node_modules tools/schema/node_modules web/dist/*

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
