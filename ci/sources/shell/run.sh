# shellcheck shell=sh
# Running other people's programs as the account: output without its secrets, again where the network failed.

nexus_run() { # COMMAND…: its output masked; again, with a cap, after errors that may pass
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
    if [ "$_nexus_code" = 0 ] || [ "$_nexus_try" -ge "${NEXUS_ATTEMPTS:-5}" ]; then return "$_nexus_code"; fi
    grep -Eiq "$_nexus_passing" "$_nexus_dir/output" || return "$_nexus_code"
    _nexus_try=$((_nexus_try + 1))
    nexus_say "that may pass; trying again in $_nexus_pause s ($_nexus_try of ${NEXUS_ATTEMPTS:-5})"
    sleep "$_nexus_pause"
    _nexus_pause=$((_nexus_pause * 2))
    [ "$_nexus_pause" -le 8 ] || _nexus_pause=8
  done
}

_nexus_passing='(^|[^0-9])(429|50[0234])([^0-9]|$)|timed? ?out|connection (was )?(refused|reset)|econnre|unexpected eof'
_nexus_passing="$_nexus_passing|temporary failure|no such host|tls handshake|service unavailable|bad gateway"

_nexus_masked() { # standard input to standard output, the account's secrets as [MASKED]
  NEXUS_BASIC=$(_nexus_basic) NEXUS_PASSWORD=$NEXUS_PASSWORD awk '
    { for (i = 1; i <= 2; i++) { secret = ENVIRON[i == 1 ? "NEXUS_PASSWORD" : "NEXUS_BASIC"]; rest = $0; $0 = ""
        while (secret != "" && (at = index(rest, secret))) {
          $0 = $0 substr(rest, 1, at - 1) "[MASKED]"; rest = substr(rest, at + length(secret)) }
        $0 = $0 rest }
      print; fflush() }'
}

_nexus_basic() { printf '%s:%s' "$NEXUS_USER" "$NEXUS_PASSWORD" | base64 | tr -d '\n'; }

_nexus_each_file() { # FUNCTION PATTERN…: calls the function with the files that the patterns match
  _nexus_call=$1
  shift
  _nexus_patterns=$*
  # shellcheck disable=SC2086 # the patterns are to be expanded
  set -- $_nexus_patterns
  for _nexus_file in "$@"; do
    [ -f "$_nexus_file" ] || nexus_fail "no file matches $_nexus_file in $(pwd)." \
      "Was it built here, or does the job that built it keep it under artifacts:paths?"
  done
  [ $# -gt 0 ] || nexus_fail "no files are named: set NEXUS_FILES."
  "$_nexus_call" "$@"
}
