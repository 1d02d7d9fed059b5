# shellcheck shell=sh
# Finds a Python 3.13, active or not; where there is none, lets uv fetch one. Sourced by scripts/setup.sh in the checkout's folder.
# Reads PYTHON (an interpreter to prefer), PYENV_ROOT, ASDF_DATA_DIR, and all that uv reads, such as UV_PYTHON_INSTALL_MIRROR.

UV_REQUIREMENT='uv>=0.9,<0.14'

# Programs that print the interpreter's path, or fail in one that will not do: Debian's lacks ensurepip without python3-venv, and
# free-threaded builds take other wheels. The path is that of the interpreter itself, since shims and active environments come and go.
IS_PYTHON_313='
import os, sys, sysconfig, venv, ensurepip
if not (3, 13, 0, "final") <= sys.version_info < (3, 14) or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(1)
print(os.path.join(sys.base_prefix, "bin", "python3.13"))'
CAN_RUN_PIP='
import sys, venv, ensurepip
if sys.version_info < (3, 9):
    sys.exit(1)
print(sys.executable)'

# first_that PROGRAM INTERPRETER…: what the program prints in the first interpreter where it succeeds
first_that() {
    program=$1
    shift
    for interpreter in "$@"; do
        [ -n "$interpreter" ] && "$interpreter" -c "$program" 2>/dev/null && return
    done
    return 1
}

# install_uv FOLDER INTERPRETER: makes an environment with pip and uv
install_uv() {
    "$2" -m venv --clear "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check "$UV_REQUIREMENT"
}

# Prints a uv: the one of this checkout or on PATH, else one that any Python from 3.9 installs.
find_uv() {
    for uv in .noria/uv/bin/uv uv; do
        "$uv" --version >/dev/null 2>&1 && echo "$uv" && return
    done
    bootstrap=$(first_that "$CAN_RUN_PIP" "${PYTHON:-}" python3 python "$pyenv"/3.*/bin/python3 "$asdf"/3.*/bin/python3) &&
        install_uv .noria/bootstrap "$bootstrap" >&2 && echo .noria/bootstrap/bin/uv
}

# Lets uv fetch a 3.13 to where the user has uv's interpreters, else into this checkout. UV_PYTHON_INSTALL_BIN=0: no link in ~/.local/bin.
fetch_python() {
    uv=$(find_uv) || { echo "neither uv is on PATH nor a Python from 3.9 with venv that can install it" >&2 && return 1; }
    UV_PYTHON_INSTALL_DIR="$fetched" UV_PYTHON_INSTALL_BIN=0 "$uv" python install 3.13 >&2 || return 1
    rm -rf .noria/bootstrap
    first_that "$IS_PYTHON_313" "$fetched"/cpython-3.13*/bin/python3.13
}

# Prints a Python 3.13, or says in one sentence what to do and returns 1.
find_python() {
    pyenv=${PYENV_ROOT:-${HOME:-}/.pyenv}/versions
    asdf=${ASDF_DATA_DIR:-${HOME:-}/.asdf}/installs/python
    managed=${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/uv/python}
    fetched=${UV_PYTHON_INSTALL_DIR:-$PWD/.noria/python}
    log=.noria/logs/find-python.log
    first_that "$IS_PYTHON_313" "${PYTHON:-}" .noria/uv/bin/python3.13 python3.13 python3 \
        "$pyenv"/3.13*/bin/python3.13 "$asdf"/3.13*/bin/python3.13 "$managed"/cpython-3.13*/bin/python3.13 "$fetched"/cpython-3.13*/bin/python3.13 \
        /opt/*/bin/python3.13 /usr/local/bin/python3.13 && return
    mkdir -p .noria/logs
    fetch_python 2>$log && return
    echo "setup: Noria needs Python 3.13 with venv, found none on PATH, in pyenv, asdf or uv, and could not fetch one ($log says why): install it (https://www.python.org/downloads/) or uv (https://docs.astral.sh/uv/), or name one: make PYTHON=/path/to/python3.13 …" >&2
    return 1
}
