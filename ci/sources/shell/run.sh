# shellcheck shell=sh
# Running other programs as the account: their output without its secrets, and again after a failure of the network.

nexus_run() { # COMMAND…: its output masked and without control characters; again, up to a limit, after temporary errors
  _nexus_scratch
  _nexus_try=1
  _nexus_pause=${NEXUS_RETRY_SECONDS:-1}
  while :; do
    {
      _nexus_code=0
      "$@" 2>&1 || _nexus_code=$?
      echo "$_nexus_code" >"$_nexus_dir/code"
    } | _nexus_masked | tee "$_nexus_dir/output"
    _nexus_code=$(cat "$_nexus_dir/code")
    if [ "$_nexus_code" = 0 ] || ! grep -Eiq "$_nexus_temporary" "$_nexus_dir/output"; then return "$_nexus_code"; fi
    _nexus_try_again "a temporary error" || return "$_nexus_code"
  done
}

_nexus_temporary='(http(/[0-9.]+)?|status|code|error)[^0-9]*(429|50[0234])([^0-9]|$)|internal server error|too many requests'
_nexus_temporary="$_nexus_temporary|timed? ?out|connection (was )?(refused|reset|aborted|closed)|broken pipe"
_nexus_temporary="$_nexus_temporary|econnre|epipe|socket hang up|network socket disconnected|unexpected[ _](eof|end of)|: eof"
_nexus_temporary="$_nexus_temporary|remote end closed|server disconnected|premature e(nd|of)|failed to respond|incomplete ?read"
_nexus_temporary="$_nexus_temporary|no route to host|network is unreachable"
_nexus_temporary="$_nexus_temporary|temporary failure|no such host|tls handshake|service unavailable|bad gateway"

_nexus_bounded() { # COMMAND…: ended after a while; GNU's timeout stays in the group of processes that a cancelled job ends
  if timeout --foreground 1 cat /dev/null 2>/dev/null; then _nexus_stay=--foreground; else _nexus_stay=''; fi
  if timeout ${_nexus_stay:+"$_nexus_stay"} "${NEXUS_TIMEOUT:-1800}" "$@"; then return 0; else _nexus_ended=$?; fi
  case $_nexus_ended in 124 | 143) echo "timed out after ${NEXUS_TIMEOUT:-1800} s" >&2 ;; esac
  return "$_nexus_ended"
}

_nexus_basic() { printf '%s:%s' "$NEXUS_USER" "$NEXUS_PASSWORD" | base64 | tr -d '\n'; }

_nexus_each_file() { # FUNCTION PATTERN…: calls the function with the files that the patterns match, - in front as ./-
  _nexus_call=$1
  shift
  _nexus_patterns=$*
  # shellcheck disable=SC2086 # the patterns are to be expanded
  set -- $_nexus_patterns
  [ $# -gt 0 ] || nexus_fail "no files are named: set NEXUS_FILES."
  for _nexus_file in "$@"; do
    case $_nexus_file in -*) _nexus_file=./$_nexus_file ;; esac
    [ -f "$_nexus_file" ] || nexus_fail "no file matches $_nexus_file in $(pwd)." \
      "Was it built here, or does the job that built it keep it under artifacts:paths?"
    set -- "$@" "$_nexus_file"
    shift
  done
  "$_nexus_call" "$@"
}
