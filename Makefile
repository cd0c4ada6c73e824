# Everything that runs uses the one release profile of Cargo.toml, so that nothing is built twice.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BINARY := target/release/tributary
CHARGES ?= 100000
# Tests wait more than they compute: for leases, for a process that starts, for the other database.
THREADS ?= $(shell echo $$((2 * $$(nproc))))
BASE ?= HEAD

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the one binary, target/release/tributary, with the portal in it
	$(if $(BUILT),,$(MAKE) --no-print-directory -j$$(nproc) portal crates && cargo build --release --locked)

# All but the binary, to be compiled while the portal is built. What holds the portal is small, and compiled again with it.
# It is of the root package, as the binary is: with another selection dependencies would get other features.
crates:
	cargo build --release --locked --lib

portal: frontend/dist/index.html

# Built anew when one of its sources changed; without Node the binary says itself that the portal is not in it.
PORTAL := $(shell git ls-files frontend ':!frontend/embedded' 2>/dev/null)
frontend/dist/index.html: $(PORTAL)
	@scripts/need npm npm
	cd frontend && npm ci --no-fund --no-audit && npm run build

release: build ## target/release/stripped/tributary without symbols, which are in tributary.debug beside it
	@scripts/need objcopy binutils
	mkdir -p target/release/stripped
	objcopy --only-keep-debug $(BINARY) target/release/stripped/tributary.debug
	objcopy --strip-all --add-gnu-debuglink=target/release/stripped/tributary.debug $(BINARY) target/release/stripped/tributary

demo: build ## start a simulated Stripe, the platform and its worker with linked shops; Ctrl-C stops all
	$(BINARY) demo --live

test: ## all checks and tests: lints, both databases, the real binary, SDKs, contract, guides, browser; prints what each took
	scripts/checks

test-fast: ## the checks of what has changed since BASE (HEAD): its crates' lints and tests, and the journeys that they touch
	scripts/checks-of-change $(BASE)

check: format lints doc licenses ## formatting, lints, the doors, the documentation and licences

format:
	cargo fmt --all --check

lints:
	cargo clippy --release --locked --workspace --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --workspace --no-deps

licenses:
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check licenses bans sources; \
	else echo "check: NOT RUN: cargo deny (licences, sources), since cargo-deny is not installed"; fi

tests-build: build
	cargo test --release --locked --workspace --no-run

tests: tests-build ## the Rust tests, with a private PostgreSQL beside SQLite
	scripts/with-postgres cargo test --release --locked --workspace -- --test-threads $(THREADS)

ROUNDS ?= 25
soak: build ## the long forms of the crash and fault tests: ROUNDS (25) rounds, seeds and kills of each
	TEST_ROUNDS=$(ROUNDS) scripts/with-postgres cargo test --release --locked --test it -- --nocapture \
	  r01_ r06_ r30_ r33_ r34_ r42_

portal-tests: portal ## the portal's lints and component tests, and its API types against the description
	cd frontend && npm run check && npm test
	cd frontend && npm --prefix types ci --no-fund --no-audit && npm run types && git diff --exit-code -- src
	@# Written anew and the same: what was built of it is not older than it.
	@touch frontend/dist/index.html

sdk: build ## Stripe's Python and Node libraries and its CLI against the simulator, and the lending library for Python against a demo
	tests/sdk/run.sh $(BINARY)

contract: build ## schemathesis over /openapi.json, with a key and without: no fault, no answer that is not described
	tests/schemathesis/run.sh $(BINARY)

clients: ## make the typed clients for TypeScript and Python from the API's description
	scripts/clients

sdk-simulator: build
	tests/sdk/simulator.sh $(BINARY)

# All that is checked against a demo, on one.
on-demo: build
	tests/on-demo.sh $(BINARY)

guides: build clients ## run the examples of docs/guides, in curl, Python, TypeScript and Rust, against a demo
	$(if $(BUILT),,cargo build --release --locked --example read_payments)
	python3 tests/guides/run.py $(BINARY)

examples: build ## record the examples of the description that are missing, from a demo
	scripts/record-examples $(BINARY)

browser: build ## an admin and a business owner in Chromium, with an accessibility check of every page
	tests/browser/run.sh $(BINARY)

screenshots: browser ## the pictures that these journeys leave of every page, in target/screenshots
	@ls target/screenshots

conformance: build ## Codat's commerce and platform SDKs against a fresh demo, when the checks are beside this folder
	scripts/conformance

bench: build ## measure the first sync of CHARGES (100000) charges into SQLite and into PostgreSQL
	benches/first_sync.py $(BINARY) --charges $(CHARGES)
	scripts/with-postgres benches/on-postgres first_sync.py $(BINARY) --charges $(CHARGES)

bench-webhooks: build ## measure how soon webhooks are answered at 200 a second, with SQLite and with PostgreSQL, also beside a large first sync
	benches/webhooks.py $(BINARY)
	scripts/with-postgres benches/on-postgres webhooks.py $(BINARY)
	benches/webhooks.py $(BINARY) --backfill 60000

LARGE ?= 285000
bench-memory: build ## compare the peak memory at 2,850 charges with that at LARGE (285000: a million objects), in both
	benches/memory.py $(BINARY) --large $(LARGE)
	scripts/with-postgres benches/on-postgres memory.py $(BINARY) --large $(LARGE)

bench-lists: build ## measure pages of a list of a million rows, from its beginning to its end, and the file of it, in both
	benches/lists.py $(BINARY)
	scripts/with-postgres benches/on-postgres lists.py $(BINARY)

bench-metrics: build ## measure the metrics of a company with a million transactions, in both
	benches/metrics.py $(BINARY)
	scripts/with-postgres benches/on-postgres metrics.py $(BINARY)

bench-due: build ## measure 10,000 connections that are due at once
	benches/many_due.py $(BINARY)

clean-data: ## remove the data of make demo
	rm -rf demo-data

.PHONY: help build crates portal demo test test-fast check format lints doc licenses tests-build tests sdk-simulator on-demo release soak portal-tests sdk contract clients guides examples browser screenshots conformance bench bench-webhooks bench-memory bench-lists bench-metrics bench-due clean-data
