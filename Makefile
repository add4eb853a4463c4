# make alone lists the targets.

# The program is pure Go; only the race detector needs a C compiler.
export CGO_ENABLED ?= 0
# What is built here is not released here, and a checkout that git refuses to read still builds.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

PKG ?= ./...
ARGS ?=
FUZZTIME ?= 10s

# One PostgreSQL for the whole run; in CI nothing comes from the cache and a skipped test is a failure.
GOTEST := go run ./internal/testpg/run -- go run ./scripts/gotest $(if $(CI),-count=1)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: deps ## run all tests (PKG=./internal/store ARGS='-run Lease'), after installing what they need
	$(GOTEST) $(ARGS) $(PKG)

.PHONY: race
race: export CGO_ENABLED = 1
race: export WITH_RACE = 1
race: deps ## run the Go tests under the race detector
	$(GOTEST) -race $(ARGS) $(PKG)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	scripts/fuzz $(FUZZTIME) $(PKG)

.PHONY: bench
bench: deps ## the performance table, each figure beside its limit
	go run ./internal/testpg/run -- go run ./cmd/elarian bench $(ARGS)

.PHONY: check
check: ## gofmt, vet, staticcheck, generated code and lock files
	scripts/check

.PHONY: generate
generate: ## rebuild the generated code
	go generate ./...

.PHONY: build
build: ## build the program into ./elarian
	go build -o elarian ./cmd/elarian

.PHONY: deps
deps: ## install what the tests need: PostgreSQL, Node.js, npm packages
	@scripts/deps
