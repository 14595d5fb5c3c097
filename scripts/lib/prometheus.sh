# shellcheck shell=bash
# Puts prometheus, promtool and prometheus-alertmanager into PATH for the tests that talk to real ones. Sourced, never run.
#
# Debian's packages would start servers on 9090 and 9093, so they are unpacked below .build and not installed; this needs no
# root either. Without them those tests are skipped: nothing here is an error. WEIR_TEST_PROMETHEUS=0 does without.

# offer_prometheus ROOT
offer_prometheus() { offer_package "$1" prometheus promtool; }

# offer_alertmanager ROOT
offer_alertmanager() { offer_package "$1" prometheus-alertmanager prometheus-alertmanager; }

# offer_package ROOT PACKAGE PROGRAM
offer_package() {
    command -v "$2" >/dev/null 2>&1 && command -v "$3" >/dev/null 2>&1 && return 0
    [[ "${WEIR_TEST_PROMETHEUS:-1}" == 0 ]] && return 0

    local home="$1/.build/$2"
    if [[ ! -x "$home/usr/bin/$3" ]] && ! fetch_package "$2" "$home"; then
        say "no $2 to be had: the tests that need it are skipped"
        return 0
    fi
    PATH="$home/usr/bin:$PATH"
    export PATH
}

# fetch_package PACKAGE HOME
fetch_package() {
    local package="$1" home="$2"
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
    if ! apt-cache show "$package" >/dev/null 2>&1; then
        can_install && apt_get update || return 1
        apt-cache show "$package" >/dev/null 2>&1 || return 1
    fi

    say "fetching $package for the tests (WEIR_TEST_PROMETHEUS=0 does without)"
    rm -rf "$home.new"
    mkdir -p "$home.new"
    (
        cd "$home.new" &&
            apt-get -qq download "$package" >/dev/null 2>&1 &&
            dpkg-deb -x "$package"_*.deb . &&
            rm -f "$package"_*.deb
    ) && rm -rf "$home" && mv "$home.new" "$home"
}
