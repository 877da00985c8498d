# Everything here needs only Go, make and git; `make race` needs a C compiler too.

GO ?= go
DATA ?= data
LISTEN ?= 127.0.0.1:8080
LINT_VERSION := 2.11.0
OAPI_VERSION := 2.8.2
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The linter: the one on the path if it is the version asked for, else one built into bin/.
LINT = $(shell golangci-lint version 2>/dev/null | grep -qF 'version $(LINT_VERSION) ' && command -v golangci-lint || echo bin/golangci-lint-$(LINT_VERSION))

# What make faults runs; make acceptance runs it too, in short.
FAULTS := TestKill|TestStorm|TestNodes|TestDiskFull|TestReadOnlyDirectory|TestSlowClients|TestSlowDisk|TestBatchCutOff

export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help run build test race lint rules-bite bench acceptance faults deploy-check generate clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, fill ./data with the demo district if it is empty, and serve
	@bin/gridward serve --data $(DATA) --listen $(LISTEN) --demo

build: ## bin/gridward
	$(GO) build -ldflags '-X main.version=$(VERSION)' -o bin/gridward ./cmd/gridward

test: ## every test that needs no C compiler
	$(GO) test ./...

race: ## the same under the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...

lint: ## golangci-lint at the version this house is written for
	@$(if $(filter bin/%,$(LINT)),$(MAKE) --no-print-directory $(LINT),:)
	$(LINT) run ./...

rules-bite: ## prove that the linter's rules of this house bite
	@$(if $(filter bin/%,$(LINT)),$(MAKE) --no-print-directory $(LINT),:)
	.ci/rules-bite $(LINT)

bin/golangci-lint-$(LINT_VERSION):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION)
	mv bin/golangci-lint $@

bench: ## the measures of docs/performance.md; GRIDWARD_BENCH=smoke only shows that they work
	$(if $(filter smoke,$(GRIDWARD_BENCH)),,$(GO) test -run '^$$' -bench DurableAppends -benchtime 1x ./adapters/sqlstore)
	$(if $(filter smoke,$(GRIDWARD_BENCH)),,$(GO) test -run '^$$' -bench DurableAppends -benchtime 1x ./adapters/pgstore)
	$(if $(filter smoke,$(GRIDWARD_BENCH)),,$(GO) test -run '^$$' -bench Rebuild -benchtime 5x ./app/views)
	$(if $(filter smoke,$(GRIDWARD_BENCH)),,$(GO) test -run '^$$' -bench BareClient -benchtime 1x ./adapters/esdb)
	$(if $(filter smoke,$(GRIDWARD_BENCH)),,$(GO) test -run '^$$' -bench Relay -benchtime 3x ./adapters/natsbus)
	cd cmd/gridward/bench/peers && $(GO) test -v -count=1 -timeout 20m .
	$(GO) test -v -count=1 -timeout 60m -tags bench ./cmd/gridward/bench

acceptance: build ## the built binary, over REST only, against numbers written by hand; then kill -9 rounds; on every engine
	GRIDWARD_BINARY=$(CURDIR)/bin/gridward $(GO) test -count=1 -timeout 20m -tags acceptance ./cmd/gridward/acceptance
	GRIDWARD_ACCEPTANCE_ENGINE=postgres GRIDWARD_BINARY=$(CURDIR)/bin/gridward $(GO) test -count=1 -timeout 20m -tags acceptance ./cmd/gridward/acceptance
	GRIDWARD_ACCEPTANCE_ENGINE=esdb GRIDWARD_BINARY=$(CURDIR)/bin/gridward $(GO) test -count=1 -timeout 20m -tags acceptance ./cmd/gridward/acceptance

faults: build ## several hundred kill -9 rounds, PostgreSQL and EventStoreDB that fail, full disk, slow clients; long
	GRIDWARD_FAULT_ROUNDS=300 GRIDWARD_BINARY=$(CURDIR)/bin/gridward $(GO) test -v -count=1 -timeout 60m -tags acceptance -run '$(FAULTS)' ./cmd/gridward/acceptance
	GRIDWARD_ACCEPTANCE_ENGINE=postgres GRIDWARD_FAULT_ROUNDS=300 GRIDWARD_BINARY=$(CURDIR)/bin/gridward $(GO) test -v -count=1 -timeout 60m -tags acceptance -run '$(FAULTS)' ./cmd/gridward/acceptance
	GRIDWARD_ACCEPTANCE_ENGINE=esdb GRIDWARD_FAULT_ROUNDS=300 GRIDWARD_BINARY=$(CURDIR)/bin/gridward $(GO) test -v -count=1 -timeout 60m -tags acceptance -run '$(FAULTS)' ./cmd/gridward/acceptance

deploy-check: ## the files of deploy/ against their programs' own readers and against Gridward itself
	cd deploy/check && $(GO) vet . && $(GO) test -count=1 .

generate: bin/oapi-codegen-$(OAPI_VERSION)/oapi-codegen ## what is generated from api/openapi.yaml
	PATH="$(CURDIR)/bin/oapi-codegen-$(OAPI_VERSION):$$PATH" $(GO) generate ./...

bin/oapi-codegen-$(OAPI_VERSION)/oapi-codegen:
	GOBIN=$(CURDIR)/$(@D) $(GO) install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v$(OAPI_VERSION)

clean: ## what was built; the data stay
	rm -rf bin
