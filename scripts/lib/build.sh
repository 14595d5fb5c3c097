# shellcheck shell=bash
# The one debug build that scripts/check and scripts/test share, flag for flag: nothing is compiled twice.
# Sourced, never run; the caller stands in the root of the repository.

# Read by scripts/check and by `just fmt`.
# shellcheck disable=SC2034
format_paths=(Sources Tests Fuzz migrations Package.swift scripts/lib/tsan_selftest.swift)

build_tests() {
    local flags=(--explicit-target-dependency-import-check error)
    # A build that nobody changes or debugs: whole modules without debug information take a fifth less. The index stays:
    # the package manager finds tests by it.
    if [[ -n "${WEIR_BUILD_ONCE:-}" ]]; then
        flags+=(-debug-info-format none -Xswiftc -whole-module-optimization -Xswiftc -num-threads -Xswiftc 1)
    fi
    swift build --build-tests "${flags[@]}"
}
