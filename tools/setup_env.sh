# shellcheck shell=bash
# Source this file, then call
#
#   setup_env [EXTRA ...]       EXTRA: a group of optional dependencies in setup.cfg, such as dev
#
# which leaves in PYTHON a Python that can run this checkout (ROOT). It takes $PYTHON if set, else the active environment
# if that holds everything, else .venv, which it makes and fills with the versions of constraints.txt when needed. With
# nothing to install it takes a second.
#
#   setup_newest_env [EXTRA ...]    leaves in PYTHON that of .venv-newest: the newest versions that setup.cfg allows

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$ROOT/.venv"
CONSTRAINTS="$ROOT/constraints.txt"
export PYTHON="${PYTHON:-}"
# Threads that wait for each other give up the core soon: spinning, as libgomp does by default, makes training several
# times slower as soon as another program wants a core.
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-2000}"
VERSION_OK='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))'

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# lacks PYTHON [EXTRA ...]: print what this Python lacks to run the checkout; succeed if it lacks anything.
lacks() {
    ! (cd / && "$1" - "$ROOT" "${@:2}" 2>&1) <<'PYTHON'
import sys
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

root, *extras = sys.argv[1:]
config = ConfigParser(interpolation=None)
config.read(Path(root, 'setup.cfg'))
try:
    from packaging.requirements import Requirement, SpecifierSet
except ImportError:
    sys.exit('every requirement')


def installed(requirement):
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False


python = config['options']['python_requires']
if not SpecifierSet(python).contains('.'.join(map(str, sys.version_info[:3]))):
    sys.exit(f'Python {python}')
groups = [config['options']['install_requires'], *(config['options.extras_require'][extra] for extra in extras)]
missing = [line for group in groups for line in group.split('\n') if line and not installed(Requirement(line))]
if missing:
    sys.exit(', '.join(missing))
try:
    import cv2
    import sslrecipes
except ImportError as error:
    sys.exit(str(error))
if not Path(sslrecipes.__file__).is_relative_to(root):
    sys.exit(f'this checkout (its sslrecipes is {sslrecipes.__file__})')
PYTHON
}

find_base_python() {
    local candidate
    for candidate in python3 python3.12 python3.11 python3.13 python3.10 python; do
        if "$candidate" -c "$VERSION_OK" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail 'no Python >= 3.10, < 3.14 found: install one (Debian, Ubuntu: apt-get install python3 python3-venv).'
}

make_venv() {
    local base
    base="$(find_base_python)" || exit 1
    "$base" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$base cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)."
    echo "Making $VENV with $base"
    "$base" -m venv --clear "$VENV" || fail "could not make $VENV: is the directory writable, is the disk full?"
}

pip_install() {
    if [[ -t 1 ]]; then
        "$VENV/bin/python" -m pip install --disable-pip-version-check "$@"
    else
        "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off "$@" |
            sed -u -E '/^Requirement already|^Collecting|^ *Using cached|\.metadata \(/d'
    fi
}

# opencv-python needs libGL and X11, which a bare server lacks. The headless build, which another dependency asks for,
# lies in the same files, so that the last one installed counts.
prefer_headless_opencv() {
    "$VENV/bin/python" -c 'import cv2' 2>/dev/null && return
    local headless
    headless="$("$VENV/bin/python" -m pip freeze | grep '^opencv-python-headless==')"
    echo 'OpenCV finds no graphics libraries here; installing its headless build'
    pip_install --force-reinstall --no-deps "$headless"
    "$VENV/bin/python" -c 'import cv2' ||
        fail 'OpenCV lacks a system library (named above; Debian, Ubuntu: apt-get install libgl1 libglib2.0-0).'
}

# fill_venv EXTRAS [options of pip]: install the checkout, with EXTRAS as in "dev,export", into VENV.
fill_venv() {
    local extras=$1
    shift
    if ! "$VENV/bin/python" -c "$VERSION_OK" 2>/dev/null || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        make_venv
    fi
    echo "Installing into $VENV (once; minutes and several GB, most of it torch)"
    pip_install "$@" --editable "$ROOT${extras:+[$extras]}" ||
        fail "installation failed (reason above): check network, proxy and free disk space, then run the same command again."
    prefer_headless_opencv
}

# Whether .venv was filled with the versions that constraints.txt names today.
is_current() {
    [[ ! -f $CONSTRAINTS ]] || cmp -s "$CONSTRAINTS" "$VENV/constraints.txt"
}

setup_newest_env() {
    VENV="$ROOT/.venv-newest"
    PYTHON="$VENV/bin/python"
    fill_venv "$(IFS=, && echo "$*")" --upgrade --upgrade-strategy eager
}

setup_env() {
    local active reason versions=()
    if [[ -n $PYTHON ]]; then
        return
    fi
    if [[ ! -f $ROOT/setup.cfg ]]; then
        PYTHON=python # these are the tools of an installed package, in its own environment
        return
    fi
    active="$(command -v python || command -v python3 || true)"
    if [[ -z $active ]]; then
        reason='any Python'
    elif ! reason="$(lacks "$active" "$@")"; then
        PYTHON="$active"
        return
    fi
    PYTHON="$VENV/bin/python"
    if [[ -x $PYTHON ]] && is_current && ! lacks "$PYTHON" "$@" >/dev/null; then
        return
    fi
    echo "The active environment cannot run this checkout: it lacks ${reason##*$'\n'}. Using $VENV instead."
    if [[ -f $CONSTRAINTS ]]; then
        versions=(--constraint "$CONSTRAINTS")
    fi
    fill_venv "$(IFS=, && echo "$*")" "${versions[@]}"
    if reason="$(lacks "$PYTHON" "$@")"; then
        fail "$VENV still lacks $reason: delete the directory and run the same command again."
    fi
    if [[ -f $CONSTRAINTS ]]; then
        cp "$CONSTRAINTS" "$VENV/"
    fi
}
