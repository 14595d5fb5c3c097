# shellcheck shell=bash
# What scripts/run, scripts/test and scripts/check need from the machine. Sourced, never run.
#
# Everything is looked for before anything is installed, so that a second call costs a few milliseconds, asks for no
# password and never uses the network.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    local line
    for line in "$@"; do say "$line"; done
    exit 1
}

# The oldest Swift that can read Package.swift (see its first line).
swift_required="6.2"

need_swift() {
    local swiftly="${SWIFTLY_BIN_DIR:-${HOME:-/root}/.local/share/swiftly/bin}"
    if ! command -v swift >/dev/null 2>&1 && [[ -x "$swiftly/swift" ]]; then
        PATH="$swiftly:$PATH"
    fi
    command -v swift >/dev/null 2>&1 || die \
        "no Swift toolchain found; Weir is built with Swift $swift_required or newer" \
        "install one from https://www.swift.org/install/linux and see that 'swift --version' works"

    local version
    version="$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | head -n 1)" || true
    version="${version##* }"
    [[ -n "$version" ]] || die "'swift --version' failed: $(command -v swift) is no working toolchain"
    if [[ "$(printf '%s\n%s\n' "$swift_required" "$version" | sort -V | head -n 1)" != "$swift_required" ]]; then
        die "Swift $version found at $(command -v swift), but Weir needs $swift_required or newer" \
            "a newer one is at https://www.swift.org/install/linux"
    fi
}

# The directory of initdb and pg_ctl: Debian keeps them out of PATH.
postgres_bin() {
    local candidate
    for candidate in "${WEIR_PG_BIN:-}" /usr/lib/postgresql/*/bin; do
        if [[ -n "$candidate" && -x "$candidate/initdb" && -x "$candidate/pg_ctl" ]]; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    if command -v initdb >/dev/null 2>&1 && command -v pg_ctl >/dev/null 2>&1; then
        dirname "$(command -v initdb)"
        return 0
    fi
    return 1
}

has_library() {
    command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1"
}

# Whether sudo could ask a person for a password. Decided once, since the commands below get an empty standard input.
somebody_there=no
[[ -t 0 && -t 2 ]] && somebody_there=yes

# Runs a command as root: directly, or with sudo, which may ask only if there is a person to answer.
as_root() {
    if [[ "$(id -u)" -eq 0 ]]; then
        "$@"
    elif [[ "$somebody_there" == yes ]]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# apt's output is shown only if it fails.
apt_get() {
    local log status=0
    log="$(mktemp)"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -qq "$@" </dev/null >"$log" 2>&1 || status=$?
    [[ "$status" -eq 0 ]] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# Debian creates and starts a cluster on 5432 when its PostgreSQL is installed, unless that was switched off
# before. An existing choice, either way, is kept.
forbid_debian_cluster() {
    local file=/etc/postgresql-common/createcluster.conf
    apt_get install --no-install-recommends postgresql-common || return 1
    if ! grep -qE '^[[:space:]]*create_main_cluster' "$file" 2>/dev/null; then
        printf '\n# Written by Weir: it runs a private cluster and wants none on 5432.\n%s\n' \
            'create_main_cluster = false' | as_root tee -a "$file" >/dev/null
    fi
}

can_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [[ "$(id -u)" -eq 0 ]] && return 0
    command -v sudo >/dev/null 2>&1 || return 1
    [[ "$somebody_there" == yes ]] || sudo -n true 2>/dev/null
}

# install_missing [postgres] [python] [wrk] [nginx]: installs the dependencies of every build, and the named extras.
install_missing() {
    local -a missing=()
    local extra
    command -v git >/dev/null 2>&1 || missing+=(git)
    command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
    has_library libpq || missing+=(libpq-dev)
    has_library zlib || missing+=(zlib1g-dev)
    has_library sqlite3 || missing+=(libsqlite3-dev)
    has_library yaml-0.1 || missing+=(libyaml-dev)
    [[ -f /usr/share/zoneinfo/Europe/Berlin ]] || missing+=(tzdata)
    has_library libcurl || missing+=(libcurl4-openssl-dev)
    for extra in "$@"; do
        case "$extra" in
            postgres) postgres_bin >/dev/null || missing+=(postgresql) ;;
            python) command -v python3 >/dev/null 2>&1 || missing+=(python3) ;;
            wrk) command -v wrk >/dev/null 2>&1 || missing+=(wrk) ;;
            nginx) [[ -x /usr/sbin/nginx ]] || command -v nginx >/dev/null 2>&1 || missing+=(nginx-light) ;;
            *) die "BUG: install_missing does not know '$extra'" ;;
        esac
    done
    [[ ${#missing[@]} -eq 0 ]] && return 0

    can_install || explain_missing "${missing[@]}"
    say "installing ${missing[*]}"
    apt_get update || say "apt-get update failed; trying with the package lists that are here"
    if [[ " ${missing[*]} " == *" postgresql "* ]]; then
        forbid_debian_cluster || explain_missing "${missing[@]}"
    fi
    apt_get install --no-install-recommends "${missing[@]}" || explain_missing "${missing[@]}"
}

explain_missing() {
    local why="the installation failed (see above)"
    if ! command -v apt-get >/dev/null 2>&1; then
        why="this is no Debian or Ubuntu (no apt-get), so the script can't install it"
    elif [[ "$(id -u)" -ne 0 ]] && ! command -v sudo >/dev/null 2>&1; then
        why="you are not root and there is no sudo, so the script can't install it"
    elif ! can_install; then
        why="sudo wants a password and there is no terminal to ask on"
    fi
    die "missing: $*" "$why" \
        "on Debian and Ubuntu, an administrator runs: apt-get install --no-install-recommends $*" \
        "elsewhere: the PostgreSQL server (WEIR_PG_BIN names its bin directory), libpq, zlib, SQLite, libyaml and libcurl with" \
        "headers, and pkg-config, from the package manager of your system; then run this again"
}
