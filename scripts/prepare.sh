# Debian packages, the release build and the Python environment. Other scripts source this file from the root.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used where this is sourced
readonly binary=.build/release/ledge

# Prints an error message and exits.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Installs the missing ones of the given Debian packages.
require_packages() {
    command -v dpkg-query >/dev/null || return 0 # not Debian: the build reports what is missing
    local package missing=()
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    local become=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            die "missing Debian packages; as root run: apt-get update && apt-get install ${missing[*]}"
        become=(sudo)
    fi
    echo "installing ${missing[*]}" >&2
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends)
    if ! { "${become[@]}" apt-get -qq update && "${become[@]}" "${install[@]}" "${missing[@]}"; } >&2; then
        die "apt-get could not install ${missing[*]}; see its message above"
    fi
}

# Builds the binary as it is released: optimized, stripped, with the Swift library linked statically.
#
# It loads no library from its own directory (--disable-local-rpath), and its table of functions in other libraries is
# read-only (-z now). Symbols that no library looks up are left out, which saves 3 MiB.
build_release() {
    command -v swift >/dev/null || die "swift is not on PATH; install Swift 6.3 from https://www.swift.org/install"
    require_packages libzstd-dev libxxhash-dev zlib1g-dev
    swift build --configuration release --product ledge --static-swift-stdlib --disable-local-rpath \
        -Xlinker -s -Xlinker --no-export-dynamic -Xlinker -z -Xlinker now
}

# Creates .venv with the official client, the first time and when its list of packages has changed.
prepare_python() {
    local wanted=Tests/EndToEnd/requirements.txt
    cmp --silent "$wanted" .venv/installed.txt && return
    require_packages python3 python3-venv
    echo "creating .venv with the official client" >&2
    local install=(.venv/bin/pip --quiet --disable-pip-version-check install --only-binary :all:)
    # The client pins a newer Python than Debian 12 has; requirements.txt lists what it really needs.
    rm -rf .venv &&
        python3 -m venv .venv &&
        "${install[@]}" --requirement "$wanted" &&
        "${install[@]}" --no-deps scaleout==1.1.0 scaleoututil==1.1.0 &&
        cp "$wanted" .venv/installed.txt
}
