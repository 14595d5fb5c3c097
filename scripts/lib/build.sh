# shellcheck shell=bash
# The one debug build that scripts/check and scripts/test share, flag for flag: nothing is compiled twice.
# Sourced, never run; the caller stands in the root of the repository.

# Read by scripts/check and by `just fmt`.
# shellcheck disable=SC2034
format_paths=(Sources Tests Fuzz migrations Package.swift scripts/lib/tsan_selftest.swift)

# For a build that nobody changes: whole modules, each read once and not a second time for its interface.
# The index stays, since the package manager finds tests by it, but leaves out the standard library, which it would read
# again for every module.
once_flags=(
    -Xswiftc -whole-module-optimization -Xswiftc -num-threads -Xswiftc 1
    -Xswiftc -no-emit-module-separately-wmo -Xswiftc -index-ignore-system-modules
)

build_tests() {
    local flags=(--explicit-target-dependency-import-check error)
    # Nobody debugs it, either.
    [[ -z "${WEIR_BUILD_ONCE:-}" ]] || flags+=(-debug-info-format none "${once_flags[@]}")
    swift build --build-tests "${flags[@]}"
}
