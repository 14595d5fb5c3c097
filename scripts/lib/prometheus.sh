# shellcheck shell=bash
# Puts prometheus and promtool into PATH for the tests that scrape Weir with a real Prometheus. Sourced, never run.
#
# Debian's package would start a server on 9090, so it is unpacked below .build and not installed; this needs no
# root either. Without it those tests are skipped: nothing here is an error.

# offer_prometheus ROOT
offer_prometheus() {
    command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1 && return 0
    [[ "${WEIR_TEST_PROMETHEUS:-1}" == 0 ]] && return 0

    local home="$1/.build/prometheus"
    if [[ ! -x "$home/usr/bin/promtool" ]] && ! fetch_prometheus "$home"; then
        say "no Prometheus to be had: the tests that need it are skipped"
        return 0
    fi
    PATH="$home/usr/bin:$PATH"
    export PATH
}

fetch_prometheus() {
    local home="$1"
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
    if ! apt-cache show prometheus >/dev/null 2>&1; then
        can_install && apt_get update || return 1
        apt-cache show prometheus >/dev/null 2>&1 || return 1
    fi

    say "fetching Prometheus for the tests (WEIR_TEST_PROMETHEUS=0 does without)"
    rm -rf "$home.new"
    mkdir -p "$home.new"
    (
        cd "$home.new" &&
            apt-get -qq download prometheus >/dev/null 2>&1 &&
            dpkg-deb -x prometheus_*.deb . &&
            rm -f prometheus_*.deb
    ) && rm -rf "$home" && mv "$home.new" "$home"
}
