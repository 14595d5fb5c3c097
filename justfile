# Recipes for everyday work; `just` comes from the package rust-just of PyPI, or from your distribution. They
# are short names for scripts/ and docker compose; everything works without `just`.

set shell := ["bash", "-eu", "-o", "pipefail", "-c"]

# The Weir that health and sample-post call.
url := env("WEIR_URL", "http://127.0.0.1:8000")
compose := "docker compose"
profiles := "--profile api --profile all --profile db --profile admin"

[private]
default: help

# List the recipes
[group("help")]
help:
    @just --justfile "{{ justfile() }}" --list --unsorted --list-heading $'Weir. What there is to do:\n'

# Install what building and testing need, and fetch the packages
[group("help")]
setup:
    @source scripts/lib/setup.sh && need_swift && install_missing postgres python
    swift package resolve

# Show the versions of all tools, and the report of weir doctor if it is built
[group("help")]
doctor:
    @swift --version 2>/dev/null | head -n 1 || echo "swift: missing"
    @source scripts/lib/setup.sh && "$(postgres_bin)/postgres" --version || echo "postgresql: missing"
    @for library in libpq zlib sqlite3 yaml-0.1; do echo "$library $(pkg-config --modversion $library 2>/dev/null || echo missing)"; done
    @python3 --version || echo "python3: missing"
    @{{ compose }} version 2>/dev/null || echo "docker compose: missing (needed for containers only)"
    @if [[ -x .build/release/weir ]]; then WEIR_DATA_DIR="${WEIR_DATA_DIR:-data}" .build/release/weir doctor; fi

# Build Weir and start it in the foreground (arguments go to weir serve)
[group("server")]
run *arguments:
    @scripts/run {{ arguments }}

# Build Weir so that it needs no toolchain, and install it (just install ~/.local/bin)
[group("server")]
install directory="/usr/local/bin":
    @scripts/install {{ directory }}

# Make a Debian package in ./dist
[group("server")]
package:
    @scripts/package

# Show the health of a running Weir
[group("server")]
health:
    @curl --fail-with-body --silent --show-error "{{ url }}/health" | python3 -m json.tool

# Post the sample event to a running Weir
[group("server")]
sample-post:
    @curl --fail-with-body --silent --show-error --header 'Content-Type: application/json' --data '{"runId":"test123","runName":"test_run","event":"test_event","utcTime":"2024-01-01T00:00:00","metadata":{"workflow":{}},"trace":{}}' "{{ url }}/telemetry" | python3 -m json.tool

# Run the tests (arguments go to swift test, as in: just test --filter HTTP)
[group("development")]
test *arguments:
    @scripts/test {{ arguments }}

# Measure against the budgets (arguments go to scripts/bench, as in: just bench weblog --runs 1)
[group("development")]
bench *arguments:
    @scripts/bench {{ arguments }}

# Check format, layers, lengths and scripts, and build with warnings as errors
[group("development")]
check:
    @scripts/check

# Run what continuous integration runs
[group("development")]
ci:
    @.ci/run

# Fuzz the parsers and the recovery (just fuzz --seconds 3600 json)
[group("development")]
fuzz *arguments:
    @scripts/fuzz {{ arguments }}

# Run the tests under a sanitizer (just sanitize thread --filter Journal)
[group("development")]
sanitize *arguments:
    @scripts/sanitize {{ arguments }}

# Format all Swift files
[group("development")]
fmt:
    @source scripts/lib/build.sh && swift format --in-place --recursive --parallel "${format_paths[@]}"

# Start Weir and pgAdmin in containers, on an external PostgreSQL
[group("containers")]
up-all:
    {{ compose }} --profile all up --detach --build

# Start Weir in a container, on an external PostgreSQL
[group("containers")]
up-api:
    {{ compose }} --profile api up --detach --build

# Start Weir in a container with a PostgreSQL beside it
[group("containers")]
up-db:
    {{ compose }} --profile db up --detach --build

# Stop the containers; the volumes stay
[group("containers")]
down:
    {{ compose }} {{ profiles }} down

# Follow the log of the container
[group("containers")]
logs:
    {{ compose }} {{ profiles }} logs --follow api api-db
