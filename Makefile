# Everything a person or a CI does with this repository. `make` alone lists the targets.
# A second run of a target installs nothing again: scripts/install-packages asks dpkg first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export DEBIAN_FRONTEND := noninteractive

# What Swift needs to compile and link: see Package.swift.
BUILD_PACKAGES := pkg-config libssl-dev libyaml-dev libjansson-dev libdeflate-dev libisal-dev zlib1g-dev libzstd-dev libcurl4-openssl-dev
# What the builtin tree of images needs: an engine without daemon, and what makes the root file systems.
TREE_PACKAGES := buildah mmdebstrap uidmap ca-certificates
# The real peers of the tests.
TEST_PACKAGES := $(TREE_PACKAGES) busybox-static docker.io skopeo umoci docker-registry apache2-utils iptables iproute2 git \
  squashfs-tools squashfs-tools-ng strace python3 \
  faketime fakeroot openssh-server rsync

# The parts of scripts/soak that `make soak` runs (all of them).
PART :=

# How long `make fuzz` fuzzes each reader, and which (all of Fuzzing/Corpus).
MINUTES := 4
READERS :=

# Arguments that `make quickstart` hands on, for instance FLAGS='--progress json'.
FLAGS :=

.PHONY: help setup build check test interop machines quickstart bench soak fuzz format clean swift-found

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

swift-found:
	@command -v swift >/dev/null || { \
	  echo "error: no swift in PATH; install Swift 6.2 or later (see swift.org/install) and try again" >&2; exit 1; }

setup: ## install what the build needs (as root; only what is missing)
	@scripts/install-packages $(BUILD_PACKAGES)

build: swift-found setup ## build .build/release/coppice
	swift build -c release --static-swift-stdlib --product coppice

check: swift-found setup ## prove the floors, the style and that everything compiles without warnings
	@command -v python3 >/dev/null || scripts/install-packages python3
	scripts/check-floors
	swift format lint --strict --parallel -r Sources Tests Fuzzing Package.swift
	swift build --build-tests --explicit-target-dependency-import-check error

test: swift-found setup ## install the real peers of the tests and run all tests
	@scripts/install-packages $(TEST_PACKAGES)
	@scripts/run-tests

interop: swift-found setup ## install Apptainer into a root of its own (once), and compare with it
	@scripts/interop

machines: swift-found setup ## make and boot real VM images (slow without KVM), and show them to the real VirtualBox
	@scripts/machines

quickstart: build ## build the builtin tree of images with buildah, in ./quickstart
	@scripts/install-packages $(TREE_PACKAGES)
	@scripts/quickstart $(FLAGS)

soak: swift-found setup ## the tests with long counts: all parts of scripts/soak, or PART=kill alone
	@scripts/install-packages $(TEST_PACKAGES)
	@scripts/soak $(PART)

fuzz: swift-found setup ## fuzz every reader of untrusted input for MINUTES=4 each
	@MINUTES=$(MINUTES) scripts/fuzz $(READERS)

bench: build ## measure speed against real peers (the first time it builds 1,000 tiny images)
	@scripts/install-packages $(TREE_PACKAGES) ninja-build python3 gcc
	COPPICE_BENCH=1 swift build -c release --static-swift-stdlib --product coppice-measure
	COPPICE_BENCH=1 swift build -c release --static-swift-stdlib --product coppice-convert
	@Benchmarks/bench

format: swift-found ## rewrite the sources in the house's style
	swift format --in-place --parallel -r Sources Tests Fuzzing Package.swift

clean: ## remove what was built (the engine keeps its images)
	rm -rf .build quickstart
