# shellcheck shell=bash
# Makes a Python with OpenTelemetry's own packages for the tests that talk to real ones, below .build, and puts its path
# into WEIR_TEST_OPENTELEMETRY. Sourced, never run.
#
# Without it those tests are skipped: nothing here is an error. WEIR_TEST_OPENTELEMETRY=0 does without.

# offer_opentelemetry ROOT
offer_opentelemetry() {
    [[ -z "${WEIR_TEST_OPENTELEMETRY:-}" ]] || return 0
    local home="$1/.build/opentelemetry"
    if [[ ! -e "$home/complete" ]]; then
        say "fetching OpenTelemetry's packages for the tests (WEIR_TEST_OPENTELEMETRY=0 does without)"
        rm -rf "$home"
        if ! { python3 -m venv "$home" && "$home/bin/pip" -q install --disable-pip-version-check grpcio \
            opentelemetry-proto opentelemetry-sdk opentelemetry-exporter-otlp-proto-http && touch "$home/complete"; } \
            >/dev/null 2>&1; then
            say "no packages of OpenTelemetry to be had: the tests that need them are skipped"
            return 0
        fi
    fi
    export WEIR_TEST_OPENTELEMETRY="$home/bin/python"
}
