# shellcheck shell=bash
# The one debug build that scripts/check and scripts/test share, flag for flag: nothing is compiled twice.
# Sourced, never run; the caller stands in the root of the repository.

# Read by scripts/check and by `just fmt`.
# shellcheck disable=SC2034
format_paths=(Sources Tests Fuzz migrations Package.swift scripts/lib/tsan_selftest.swift)

build_tests() {
    swift build --build-tests --explicit-target-dependency-import-check error
}
