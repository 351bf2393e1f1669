# Sourced by the scripts of the packages: what a package needs that a machine may not have.

# missing PACKAGE: prints what is missing to build and test it, or nothing.
missing() {
  case $1 in
    python)
      python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        echo "Python 3.11 or newer, with venv" ;;
    javascript)
      { node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' && command -v npm; } >/dev/null 2>&1 ||
        echo "Node 20 or newer, with npm" ;;
  esac
}

# As host-tests has it: nobody means yes by an empty one, or by `false`.
is_ci() { [[ -n ${CI:-} && $CI != 0 && $CI != false ]]; }

# not_tested WHAT: a failure under CI; elsewhere it is said at once, and again at the end of `make test`.
not_tested() {
  echo "not tested: $*" >&2
  if is_ci; then return 1; fi
  mkdir -p target/summary
  echo "$*" >>target/summary/not-tested
}
