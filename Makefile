# ringlet: `make demo` shows it, `make test` tests it; `make help` lists the rest.

GO       ?= go
# Some services' jobs have no HOME, and Go, npm and the tests want one.
ifndef HOME
export HOME := $(shell getent passwd $$(id -u) | cut -d: -f6)
endif
# What is built does not ask git: it refuses a checkout of another user's, as in many
# containers. A version is told by VERSION.
export GOFLAGS := $(strip $(filter-out -buildvcs=%,$(shell $(GO) env GOFLAGS 2>/dev/null)) -buildvcs=false)
PREFIX   ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD    := build
LDFLAGS  := -s -w -X github.com/ringlet/ringlet/internal/app.version=$(VERSION)
TESTBED  := packaging/testbed/testbed
# For what is downloaded, and never for a test.
AGAIN    := packaging/testbed/again
# Only the testbed and the installation of packages need root.
SUDO     := $(if $(filter 0,$(shell id -u)),,sudo)
# The real agents' CLIs; the versions that the tests were written against.
# The official client libraries.
ANTHROPIC_SDK_VERSION := 1.14.0
OPENAI_SDK_VERSION    := 7.57.0
SDK := $(BUILD)/sdk-$(ANTHROPIC_SDK_VERSION)-$(OPENAI_SDK_VERSION)
AGENTS := claude=@anthropic-ai/claude-code@2.1.330 codex=@openai/codex@0.169.0 opencode=opencode-ai@1.18.33 droid=droid@0.215.0 \
          grok=@vibe-kit/grok-cli@0.0.34 grok-build=@xai-official/grok@1.0.41
# The other router that the benchmark measures.
CCR_VERSION    := 2.0.0
STATICCHECK    := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK    := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# What makes deb, rpm and apk, run as a tool so that its modules are not ours.
# 2.46 and later bring MSIX, and modules of one more host for it.
NFPM_VERSION   := v2.45.2
NFPM           := $(BUILD)/tools/nfpm-$(NFPM_VERSION)
# What prints the tests' results: what failed, whole, after all the others.
GOTESTSUM_VERSION := v1.13.0
GOTESTSUM      := $(BUILD)/tools/gotestsum-$(GOTESTSUM_VERSION)
# Every time in what is released is the commit's: reproducible-builds.org/docs/source-date-epoch
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1)

.DEFAULT_GOAL := help
# Tests of two targets at once would only take longer, and each other's time.
.NOTPARALLEL:
.PHONY: help build install dist testbed-packages demo bench packages-bench test test-host test-testbed test-agents test-sdk testbed-binaries packages packages-agents modules lint fuzz clean faults soak test-vm packages-vm

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the static binary, build/ringlet
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BUILD)/ringlet ./cmd/ringlet

install: build ## install it, man pages and completions into PREFIX (~/.local, or /usr/local as root)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share
	$(GO) run ./packaging/dist -version $(VERSION) -epoch $(SOURCE_DATE_EPOCH) -share $(DESTDIR)$(PREFIX)/share
	install -m 0755 $(BUILD)/ringlet $(DESTDIR)$(PREFIX)/bin/.ringlet.new
	sync $(DESTDIR)$(PREFIX)/bin/.ringlet.new # units start it: a power cut must not leave half of it
	mv -f $(DESTDIR)$(PREFIX)/bin/.ringlet.new $(DESTDIR)$(PREFIX)/bin/ringlet
	@echo "installed $(DESTDIR)$(PREFIX)/bin/ringlet; running proxies take it up with: ringlet daemon restart"

# Any work tree can be packaged; only a clean one is a release.
dist: $(NFPM) ## a release in dist: archives for Linux and macOS, deb, rpm, apk, Homebrew formula, SHA256SUMS
	@case '$(VERSION)' in *-dirty | dev) echo "a release is made of a commit, and this work tree is not one ($(VERSION)); commit first" >&2; exit 1;; esac
	$(GO) run ./packaging/dist -version $(VERSION) -epoch $(SOURCE_DATE_EPOCH) -nfpm $(NFPM) -out dist
	@if command -v lintian >/dev/null; then lintian --allow-root --fail-on error,warning dist/*.deb; else echo "lintian is not installed: the Debian packages were not checked"; fi

# test2json is Go's own; the testbed has no Go in it to run it with.
$(GOTESTSUM):
	GOBIN=$(abspath $(BUILD)/tools) GOFLAGS= $(AGAIN) $(GO) install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)
	$(GO) build -o $(BUILD)/tools/test2json cmd/test2json
	@cp $(BUILD)/tools/gotestsum $@

$(NFPM):
	GOBIN=$(abspath $(BUILD)/tools) GOFLAGS= $(AGAIN) $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	@mv $(BUILD)/tools/nfpm $@

demo: build ## show the main job on this machine, without a key or an account, and clean up
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BUILD)/demo ./packaging/demo
	@$(BUILD)/demo $(BUILD)/ringlet

# BENCH="-only same,stream -rounds 0.3" measures less; see packaging/bench.
bench: build packages-bench $(BUILD)/bench/ccr-$(CCR_VERSION) ## measure the proxy beside nginx and claude-code-router (about 5 minutes)
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BUILD)/bench/bench ./packaging/bench
	@PATH="$$PATH:/usr/sbin" $(BUILD)/bench/bench -ringlet $(BUILD)/ringlet -ccr $(BUILD)/bench/ccr-$(CCR_VERSION) $(BENCH)

$(BUILD)/bench/ccr-$(CCR_VERSION):
	rm -rf $@.new && mkdir -p $@.new
	$(AGAIN) npm install --no-fund --no-audit --no-package-lock --prefix $@.new @musistudio/claude-code-router@$(CCR_VERSION)
	mv $@.new $@

.PHONY: $(BUILD)/stand-in/ultrallm
$(BUILD)/stand-in/ultrallm: # a stand-in: the real one could not be had
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./internal/ultrallmtest/ultrallm

.PHONY: $(BUILD)/scripted-upstream
$(BUILD)/scripted-upstream:
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./internal/gateway/gatewaytest/scripted-upstream

test: test-host test-testbed ## install what the tests need, run every test, those in a real systemd included

test-host: packages modules $(NFPM) $(GOTESTSUM) ## the tests that need no systemd, with the race detector
	CGO_ENABLED=1 $(GOTESTSUM) --raw-command --format pkgname --format-hide-empty-pkg -- $(GO) test -json -race -timeout 20m ./...
	CGO_ENABLED=1 $(GO) test -race -tags ringlet_faults ./internal/safefile ./internal/gateway -run 'Fault|Deadlock'
	$(GO) test -tags dist ./packaging/dist -run Packages -nfpm $(abspath $(NFPM))

.PHONY: can-be-root
can-be-root:
	@[ -z "$(SUDO)" ] || command -v $(SUDO) >/dev/null || { \
	  echo "booting a container with systemd needs root, and there is no sudo here; as root run: make test-testbed test-agents" >&2; exit 1; }

# The tests in the testbed run as an unprivileged user in a container that boots
# a real systemd; test binaries are built here and run there.
testbed-binaries: modules build $(GOTESTSUM) $(BUILD)/scripted-upstream $(BUILD)/stand-in/ultrallm
	@mkdir -p $(BUILD)/testbed/out
	CGO_ENABLED=0 $(GO) build -trimpath -tags ringlet_faults -ldflags '$(LDFLAGS)' -o $(BUILD)/ringlet-faults ./cmd/ringlet
	CGO_ENABLED=1 $(GO) test -c -race -tags testbed -o $(BUILD)/testbed/units.test ./units
	CGO_ENABLED=1 $(GO) test -c -race -tags testbed -o $(BUILD)/testbed/service.test ./service
	CGO_ENABLED=1 $(GO) test -c -race -tags testbed -o $(BUILD)/testbed/ringlet.test ./cmd/ringlet

# Two versions of a package for this machine: one is installed over the other.
testbed-packages: $(NFPM)
	$(GO) build -o $(BUILD)/dist ./packaging/dist
	@set -e; for v in 0.1.0 0.2.0; do $(BUILD)/dist -version v$$v -epoch 1760000000 -nfpm $(NFPM) -out $(BUILD)/testbed/packages-$$v \
	  -platforms linux/$$($(GO) env GOARCH) -formats deb; done

test-testbed: can-be-root packages testbed-binaries testbed-packages ## the tests in a real systemd (needs root: boots a container)
	@$(SUDO) $(TESTBED) check
	$(SUDO) packaging/testbed/suite units service ringlet

# The faults that test-testbed does a part of: each change to a file with each
# fault, 200 commands killed at random, 20 restarts under 1,000 streams.
KILLS ?= 200
faults: can-be-root packages testbed-binaries ## every fault at every change, and KILLS (200) commands killed at random
	$(SUDO) env RINGLET_FAULTS=all KILLS=$(KILLS) TESTTIME=60m packaging/testbed/suite ringlet -- -test.run 'PowerLoss|FailedChanges|DiskFull|ReadOnly|Interrupted|Streams|Limit|Bus|Manager|Journald|Stolen'

SOAKTIME ?= 30m
soak: can-be-root packages testbed-binaries ## mixed load for SOAKTIME (30m): memory and goroutines stay flat
	$(SUDO) env SOAKTIME=$(SOAKTIME) TESTTIME=24h packaging/testbed/suite ringlet -- -test.run Soak

# The tests in a virtual machine, for what takes a kernel of its own: see
# packaging/vmtest. VM="-test.run Power" runs a part, CUTS=100 cuts the power more often.
CUTS ?= 20
test-vm: can-be-root packages-vm vm-binaries ## in a virtual machine with Debian 13: restarts, CUTS (20) power cuts, clock, memory, no user namespaces
	$(SUDO) packaging/vmtest/image $(BUILD)/vm/base
	packaging/vmtest/disk $(BUILD)/vm/repo.ext4
	cd packaging/vmtest && CUTS=$(CUTS) ../../$(BUILD)/vm/vm.test -test.v -test.timeout 3h $(VM)

# Without the race detector, which costs too much where the processor is emulated.
.PHONY: vm-binaries
vm-binaries: build $(BUILD)/scripted-upstream $(BUILD)/stand-in/ultrallm
	@mkdir -p $(BUILD)/vm
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BUILD)/vm/ ./packaging/vmtest/guest ./packaging/vmtest/client
	CGO_ENABLED=0 $(GO) test -c -trimpath -tags vm -o $(BUILD)/vm/vm.test ./packaging/vmtest
	@set -e; for t in units=units service=service ringlet=cmd/ringlet; do echo "tests of $${t#*=} for the virtual machine"; \
	  CGO_ENABLED=0 $(GO) test -c -tags testbed -ldflags '-s -w' -o $(BUILD)/vm/inside/$${t%=*}.test ./$${t#*=}; \
	done

test-agents: can-be-root packages packages-agents testbed-binaries ## the real agents' CLIs (from npm, about 1.7 GB) through their proxies
	@$(SUDO) $(TESTBED) check
	packaging/testbed/agents $(BUILD)/agents $(AGENTS)
	CGO_ENABLED=1 $(GO) test -c -race -tags 'testbed agents' -o $(BUILD)/testbed/agents.test ./cmd/ringlet
	$(SUDO) packaging/testbed/suite agents
	$(MAKE) test-sdk

test-sdk: build packages-agents $(SDK) ## the official client libraries (from npm) through a proxy, each to each kind of upstream
	$(GO) test -tags sdk -count=1 -timeout 20m ./packaging/sdk

$(SDK):
	rm -rf $@.new && mkdir -p $@.new
	$(AGAIN) npm install --no-fund --no-audit --no-package-lock --prefix $@.new @anthropic-ai/sdk@$(ANTHROPIC_SDK_VERSION) openai@$(OPENAI_SDK_VERSION)
	mv $@.new $@
	ln -sfn $(notdir $@) $(BUILD)/sdk

# What the tests need besides Go: gcc for the race detector, nspawn and the user
# bus for the testbed. Installed once, and only what is missing.
packages:
	@packaging/testbed/packages gcc libc6-dev zsh fish bash-completion man-db systemd-container dbus-user-session libpam-systemd curl procps

# Where they cannot all be had, the build says which it misses.
modules:
	@$(AGAIN) $(GO) mod download || echo "not every Go module could be downloaded; going on with those that are here" >&2

packages-vm:
	@packaging/testbed/packages qemu-system-x86 seabios mmdebstrap e2fsprogs zstd xz-utils

packages-bench: packages-agents
	@command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packaging/testbed/packages nginx-light

packages-agents:
	@packaging/testbed/packages tmux
	@command -v npm >/dev/null || packaging/testbed/packages npm

lint: modules ## gofmt, go vet (linux and darwin), staticcheck, govulncheck and golangci-lint where they can be had
	@out=$$(gofmt -l $$(find . -name '*.go' -not -path './$(BUILD)/*')); [ -z "$$out" ] || { echo "gofmt these:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags 'testbed agents sdk ringlet_faults dist vm' ./...
	@set -e; for arch in amd64 arm64; do echo "vet and build for darwin/$$arch"; \
	  GOOS=darwin GOARCH=$$arch CGO_ENABLED=0 $(GO) vet -tags mac ./...; \
	  GOOS=darwin GOARCH=$$arch CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/ringlet; \
	  for pkg in ./service ./cmd/ringlet; do GOOS=darwin GOARCH=$$arch CGO_ENABLED=0 $(GO) test -c -tags mac -o /dev/null $$pkg; done; \
	done
	GOBIN=$(abspath $(BUILD)/tools) GOFLAGS= $(AGAIN) $(GO) install $(STATICCHECK)
	$(BUILD)/tools/staticcheck ./...
	$(BUILD)/tools/staticcheck -tags 'testbed agents sdk ringlet_faults dist vm' ./...
	GOBIN=$(abspath $(BUILD)/tools) GOFLAGS= $(AGAIN) $(GO) install $(GOVULNCHECK)
	@# Its exit code is 3 for a vulnerability; anything else means that its database could not be had.
	@$(BUILD)/tools/govulncheck ./... || { [ $$? -ne 3 ] || exit 1; echo "govulncheck did not run: it needs its database, https://vuln.go.dev"; }
	@if command -v golangci-lint >/dev/null; then golangci-lint run --build-tags testbed,agents,sdk,vm,ringlet_faults,dist; else echo "golangci-lint is not installed; its configuration is .golangci.yml"; fi

FUZZTIME ?= 10m
fuzz: ## fuzz everything that parses, FUZZTIME (10m) each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$pkg; \
	  done; \
	done

clean: ## remove what was built
	rm -rf $(BUILD)
