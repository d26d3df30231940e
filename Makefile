# Everything that is done to this repository by hand or by CI starts here. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The tools that generate and check code are pinned in a module of their own, so that they do not decide about the
# versions of what Herald itself imports.
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod

# sqlc reads SQL with PostgreSQL's own parser, in C or as WebAssembly. The latter needs no C compiler and builds in
# half a minute instead of several.
SQLC := CGO_ENABLED=0 $(TOOL) sqlc

# How many packages are tested at a time. Stories start whole servers: more at once make them slow, not fast.
TEST_PACKAGES ?= 2

# The longest that the tests of one package may take.
TEST_TIMEOUT ?= 15m

# Where the figures of `make bench` go.
BENCH_JSON ?= bench.json

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: ## start the whole product in one process, with its state in ./herald-data
	go run ./cmd/herald up

.PHONY: build
build: ## build bin/herald
	go build -o bin/herald ./cmd/herald

.PHONY: build-small
build-small: ## build bin/herald-small, without the embedded Temporal server
	go build -tags noembed -ldflags='-s -w' -o bin/herald-small ./cmd/herald

# The program is built first: this compiles Temporal's server once, with all processors, before any test has a clock
# running, and stories start this very binary. Vetting is a stage of `make verify`, so tests do not repeat it.
.PHONY: test
test: deps build ## install what the tests need, then run all of them
	HERALD_BIN=$(CURDIR)/bin/herald go test -count=1 -vet=off -p=$(TEST_PACKAGES) -timeout=$(TEST_TIMEOUT) ./...

# The race detector needs a C compiler. Temporal's server and the stories that start the built program are left out:
# they would take longer than everything else together and race with nothing of ours.
.PHONY: race
race: deps ## run the tests of all packages but the stories under the race detector
	CGO_ENABLED=1 go test -count=1 -vet=off -race -tags noembed -p=$(TEST_PACKAGES) -timeout=$(TEST_TIMEOUT) \
		$$(go list -tags noembed ./... | grep -v /internal/e2e)

.PHONY: bench
bench: deps build ## measure start, memory and throughput; figures also go to bench.json
	bin/herald bench --json=$(BENCH_JSON)

# cel-go is a rival here and nothing else, so it lives in a module of its own.
.PHONY: bench-rules
bench-rules: ## measure rule files beside bare expr and cel-go
	go -C internal/bench/cel run .

.PHONY: verify
verify: ## check format, vet, staticcheck, determinism, generated files, import arrows and secrets
	@scripts/verify

.PHONY: lint
lint: ## the quick part of verify: format, vet, import arrows and secrets
	@scripts/verify format vet house

.PHONY: fmt
fmt: ## format all Go code
	$(TOOL) gofumpt -l -w .

.PHONY: generate
generate: ## write the generated code anew: SQL, the API's server and the client
	$(SQLC) generate -f internal/postgres/sqlc.yaml
	$(TOOL) oapi-codegen -config api/oapi-codegen.yaml api/openapi.yaml
	$(TOOL) oapi-codegen -config client/oapi-codegen.yaml api/openapi.yaml
	$(TOOL) gofumpt -w api/internal/wire/wire.gen.go client/wire/wire.gen.go
	go generate ./...

.PHONY: deps
deps: ## install what the tests need and the machine lacks
	@scripts/deps

.PHONY: clean
clean: ## remove what was built and measured; the state in ./herald-data stays
	rm -rf bin $(BENCH_JSON)
