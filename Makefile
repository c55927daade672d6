# What people type. CMake and its presets are behind it; `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

PRESET ?= release

.PHONY: help quickstart deps build console test unit conformance asan tsan fuzz bench format tidy docs clean

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

quickstart: build ## Install what is missing, build, start a server, train and deploy a model
	@tools/quickstart.sh

deps: ## Install the packages that building and testing need
	@tools/install_dependencies.sh

build: deps ## Build build/release/bin/clary, clary-algo and the web console
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build --preset $(PRESET)
	@tools/build_console.sh

console: deps ## Build the web console that the server serves: build/console
	@tools/build_console.sh

test: build tidy unit conformance ## Everything that must pass before a change lands

unit: build ## The unit tests
	@ctest --preset $(PRESET) -j 2

conformance: build ## API behaviour through the real clients, and the fault tests
	@tools/run_pytest.sh

asan: ## Unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory build PRESET=asan
	@ctest --preset asan -j 2

tsan: ## Unit tests under ThreadSanitizer
	@$(MAKE) --no-print-directory build PRESET=tsan
	@ctest --preset tsan -j 2

fuzz: deps ## Build the fuzzers and run each for FUZZ_SECONDS (default 30)
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz --target clary_fuzzers
	@tests/fuzz/run.sh $(or $(FUZZ_SECONDS),30)

bench: build ## Compare with named peers; prints ratios, writes build/bench/
	@bench/run.sh

format: ## Format the code in place
	@git ls-files 'src/*.h' 'src/*.cc' 'algorithms/*.h' 'algorithms/*.cc' 'tests/*.cc' | xargs -r clang-format-19 -i

tidy: deps ## Include rules, size caps, formatting
	@python3 tests/tidy/tidy.py

docs: build ## Regenerate the pages that come from the code
	@build/release/bin/clary coverage > docs/coverage.md
	@build/release/bin/clary settings --markdown > docs/settings.md

clean: ## Remove the build folder
	@rm -rf build
