# The only entry point. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Of a demo: seconds, events per second, and the seed that makes two runs alike.
DURATION ?= 60
RATE ?= 5000
SEED ?= 1
# Of fuzzing: seconds for each target, and which targets; all if empty.
SECONDS ?= 60
TARGETS ?=
# Of the benchmark, by name (`bench --list`); the standard set if empty.
SCENARIOS ?=
# Of the attacks, by name (scripts/attacks.sh); all if empty.
ATTACKS ?=

CARGO := cargo
# The dependencies are exactly those of Cargo.lock.
LOCKED ?= --locked
# Run from there, not with `cargo run -p`, which would compile the dependencies with other features.
built := $(or $(CARGO_TARGET_DIR),target)/release
# Where the workspace's tests leave the daemons.
tested := $(or $(CARGO_TARGET_DIR),target)/debug
# Daemons that can be told at which point to die: for tests only.
fault_points := --features consumer/fault-points,ingestion/fault-points
# Of chaos: words in names of scenarios, all if empty; seconds of the mixed mode; scenarios at once.
SCENARIO ?=
MIXED ?=
JOBS ?= 6
chaos := $(or $(CARGO_TARGET_DIR),target)/chaos/chaos
DENY_VERSION := 0.20.2
MACHETE_VERSION := 0.9.2
FUZZ_VERSION := 0.13.2
MUTANTS_VERSION := 25.3.1

# Tools that the machine may have; otherwise they are compiled once, into the checkout.
CARGO_DENY := $(or $(shell command -v cargo-deny),.tools/cargo-deny@$(DENY_VERSION)/bin/cargo-deny)
CARGO_MACHETE := $(or $(shell command -v cargo-machete),.tools/cargo-machete@$(MACHETE_VERSION)/bin/cargo-machete)
CARGO_FUZZ := $(or $(shell command -v cargo-fuzz),.tools/cargo-fuzz@$(FUZZ_VERSION)/bin/cargo-fuzz)
CARGO_MUTANTS := $(or $(shell command -v cargo-mutants),.tools/cargo-mutants@$(MUTANTS_VERSION)/bin/cargo-mutants)

# Starts the services where they don't run and puts their addresses into the environment.
with_services = scripts/services.sh start; services=$$(scripts/services.sh env); \
	set -a; eval "$$services"; set +a;

# The TypeScript client, whose sources the dashboard is built with.
client := clients/typescript
# What Vite writes last. Not index.html: the api's build puts a placeholder there.
page := web/dist/.vite/manifest.json
web_sources := $(shell find web $(client)/src -name node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -type f -print)
# The browser tests of the dashboard.
e2e := web/e2e
scripts := $(shell find scripts .ci -type f \( -name '*.sh' -o -name run \))

.PHONY: help
help: ## list the targets
	@echo 'make <target> [VARIABLE=value]…'
	@echo
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/  \1\t\2/p' Makefile | expand -t 20
	@echo
	@printf '  %-18s%s\n' \
	  'DURATION RATE' 'demo: seconds ($(DURATION)) and events per second ($(RATE)); up takes RATE' \
	  SEED 'demo, up: the same seed sends the same events ($(SEED)); chaos: repeats a run' \
	  TESTS 'e2e: which tests, by name' \
	  SCENARIOS 'bench: which scenarios; the standard set by default' \
	  SCENARIO 'chaos: only scenarios with one of these words (a,b) in their names; all by default' \
	  MIXED 'chaos: seconds of several faults at once, instead of the scenarios' \
	  JOBS 'chaos: scenarios at once ($(JOBS))' \
	  ATTACKS 'attacks: which kinds; all by default' \
	  'SECONDS TARGETS' 'fuzz: seconds for each target ($(SECONDS)), and which; all by default'

.PHONY: demo
demo: release ## run the pipeline for DURATION seconds at RATE events/s, then audit every number
	@$(with_services) exec $(built)/demo --duration $(DURATION) --rate $(RATE) --seed $(SEED)

.PHONY: up
up: release ## run the pipeline until Ctrl-C
	@$(with_services) exec $(built)/demo --forever --rate $(RATE) --seed $(SEED)

.PHONY: test
test: web $(client)/node_modules/.package-lock.json ## run all tests, on real services
	cd web && npm test
	@$(with_services) if cargo nextest --version >/dev/null 2>&1; \
	then set -x; $(CARGO) nextest run --workspace $(LOCKED) $(fault_points); \
	else set -x; $(CARGO) test --workspace $(LOCKED) $(fault_points); fi
	$(CARGO) build --workspace --bins $(LOCKED) $(fault_points)
	$(tested)/chaos --short
	@$(with_services) cd $(client) && TIDEMARK_PROGRAMS=$(tested) npm test

# The three daemons with traces; the tests know from the feature that they have them.
traced := $(foreach daemon,ingestion consumer api,--package $(daemon) --features $(daemon)/otel)

.PHONY: test-otel
test-otel: ## test the traces of daemons built with the feature otel (not part of test)
	$(CARGO) clippy --package common --features otel $(LOCKED) -- -D warnings
	$(CARGO) test --package common --features otel $(LOCKED) --lib trace::
	$(CARGO) build --bins $(traced) $(LOCKED)
	@$(with_services) $(CARGO) test --package testkit --features otel $(LOCKED) --test it traces::

.PHONY: e2e
e2e: web $(e2e)/node_modules/.package-lock.json ## test the dashboard in a real browser on the real daemons (not part of test)
	$(CARGO) build --workspace --bins $(LOCKED) $(fault_points)
	@$(with_services) CHROMIUM=$$(scripts/chromium.sh); export CHROMIUM; \
	export TIDEMARK_PROGRAMS=$(abspath $(tested)); cd $(e2e) && exec npm test -- $(TESTS)

.PHONY: screenshots
screenshots: ## take the screenshots in docs/ again, with the e2e tests
	SCREENSHOTS=$(CURDIR)/docs $(MAKE) e2e TESTS=seeing

$(e2e)/node_modules/.package-lock.json: $(e2e)/package.json $(e2e)/package-lock.json $(e2e)/.npmrc
	cd $(e2e) && npm ci --no-progress
	@touch $@

.PHONY: schemathesis
schemathesis: release ## test every route against the OpenAPI document with schemathesis
	@$(with_services) scripts/schemathesis.sh $(built)/fixture

.PHONY: attacks
attacks: release ## attack the daemons with slowhttptest, sqlmap and schemathesis, and write docs/ATTACKS.md: an hour
	@$(with_services) scripts/attacks.sh $(built)/fixture $(ATTACKS)

.PHONY: fuzz
fuzz: $(CARGO_FUZZ) ## fuzz the parsers of foreign input, SECONDS for each of TARGETS
	scripts/fuzz.sh $(CARGO_FUZZ) $(SECONDS) $(TARGETS)

# What an earlier run caught isn't tried again. Backtraces of a mutant tell nobody anything.
mutated = CARGO_PROFILE_DEV_DEBUG=0 $(CARGO_MUTANTS) mutants --package consumer --iterate --gitignore true --output target

.PHONY: mutants
mutants: $(CARGO_MUTANTS) ## break the consumer in one place after the other, and list what no test notices: hours
	@# The library's own tests first, which build and run fast. What they miss (2), or don't end on (3), all tests try.
	@$(with_services) set -x; $(mutated) --cargo-arg=--lib || (($$? == 2 || $$? == 3)); $(mutated)

.PHONY: check
check: check-scripts check-web check-clients check-rust ## check format, lints, documentation, dependencies, types, scripts

.PHONY: check-rust
check-rust: $(CARGO_DENY) $(CARGO_MACHETE)
	$(CARGO) fmt --all --check
	cd fuzz && $(CARGO) fmt --check
	$(CARGO) clippy --workspace --all-targets $(LOCKED) -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --workspace $(LOCKED)
	$(CARGO_MACHETE)
	@# Last, so that its warning is.
	scripts/deny.sh $(CARGO_DENY)

.PHONY: check-web
check-web: web/node_modules/.package-lock.json $(e2e)/node_modules/.package-lock.json
	cd web && npm run --silent typecheck
	cd $(e2e) && npm run --silent typecheck

.PHONY: check-clients
check-clients: $(client)/node_modules/.package-lock.json
	cd $(client) && npm run --silent typecheck

.PHONY: check-scripts
check-scripts:
	scripts/documented.sh
	scripts/deploy.sh
	shellcheck=$$(scripts/tool.sh shellcheck); "$$shellcheck" --external-sources $(scripts)

.PHONY: bench
bench: bench-parts release ## benchmark the pipeline and write docs/BENCHMARKS.md
	@$(with_services) exec $(built)/bench $(SCENARIOS)

.PHONY: bench-growth
bench-growth: release ## benchmark with a growing table: ten minutes, 30 GB of disk
	@$(with_services) exec $(built)/bench growth

.PHONY: bench-soak
bench-soak: release ## benchmark for ten minutes at full speed
	@$(with_services) exec $(built)/bench soak

.PHONY: bench-questions
bench-questions: bench/peers/express/node_modules/.package-lock.json release ## benchmark queries over a year of events: ten minutes, 40 GB of disk
	@$(with_services) exec $(built)/bench questions

.PHONY: bench-sockets
bench-sockets: bench/peers/ws/node_modules/.package-lock.json release ## benchmark 10,000 live clients
	@$(with_services) exec $(built)/bench sockets

# What the benchmark starts besides the daemons. In a folder of its own, because Cargo builds the
# daemons along with their micro-benchmarks, with other features.
.PHONY: bench-parts
bench-parts: bench/peers/node/node_modules/.package-lock.json
	$(CARGO) bench --no-run --bench micro $(LOCKED) --target-dir $(dir $(built))micro \
	  -p common -p consumer -p ingestion

bench/peers/%/node_modules/.package-lock.json: bench/peers/%/package.json bench/peers/%/package-lock.json bench/peers/%/.npmrc
	cd bench/peers/$* && npm ci --no-progress
	@touch $@

.PHONY: chaos
chaos: chaos-parts ## inject faults and audit, write docs/RELIABILITY.md (with MIXED docs/SOAK.md)
	ulimit -n $$(ulimit -Hn); exec $(chaos) --jobs $(JOBS) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(MIXED),--mixed $(MIXED)) \
	  $(if $(filter command environment,$(firstword $(origin SEED))),--seed $(SEED))

.PHONY: chaos-parts
chaos-parts: web
	$(CARGO) build --profile chaos --workspace --exclude testkit --bins $(LOCKED) $(fault_points)

.PHONY: release
release: web ## build the daemons and the tools around them
	$(CARGO) build --release --workspace --bins $(LOCKED)

.PHONY: web
web: $(page) ## build the dashboard that the api serves

$(page): $(web_sources) web/node_modules/.package-lock.json
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json web/.npmrc
	cd web && npm ci --no-progress
	@touch $@

.PHONY: clients
clients: $(client)/dist/index.js ## build the TypeScript client

$(client)/dist/index.js: $(shell find $(client)/src -type f) $(client)/tsconfig.build.json $(client)/node_modules/.package-lock.json
	cd $(client) && npm run --silent build
	@touch $@

$(client)/node_modules/.package-lock.json: $(client)/package.json $(client)/package-lock.json $(client)/.npmrc
	cd $(client) && npm ci --no-progress
	@touch $@

.PHONY: fmt
fmt: ## format the Rust code
	$(CARGO) fmt --all
	cd fuzz && $(CARGO) fmt

.PHONY: stop
stop: ## stop the private Redis and PostgreSQL; their data stays
	scripts/services.sh stop

.PHONY: clean-data
clean-data: stop ## delete the data of the private Redis and PostgreSQL
	rm -rf .services/redis .services/postgres

.PHONY: clean
clean: ## delete what was built; tools and data stay
	$(CARGO) clean
	rm -rf web/dist web/node_modules $(e2e)/node_modules $(client)/dist $(client)/node_modules

# Without debug information and optimisation: they run for a second and compile for minutes.
.tools/%/bin/cargo-deny .tools/%/bin/cargo-machete .tools/%/bin/cargo-fuzz .tools/%/bin/cargo-mutants:
	CARGO_PROFILE_DEV_DEBUG=0 $(CARGO) install --quiet --debug --locked --root .tools/$* $*
