# shellcheck shell=sh
# The base of every job: messages, a private folder, HTTP with retries by curl or wget, strings from JSON.
# POSIX sh, for dash, BusyBox ash and bash, with set -eu and pipefail. No secret is on a command line, except Vault's
# short-lived token where the image has only BusyBox wget, which takes headers in no other way.

nexus_log() { # MESSAGE: without control characters and secrets, which a server's text may have
  printf 'nexus: %s\n' "$(_nexus_printable "$*" | _nexus_masked)" >&2
}

nexus_fail() { # LINE…: ends the job; the first line is what happened, the others what to do
  nexus_log "$1"
  shift
  for _nexus_line in "$@"; do printf '  %s\n' "$(_nexus_printable "$_nexus_line" | _nexus_masked)" >&2; done
  exit 1
}

_nexus_printable() { printf '%s' "$1" | LC_ALL=C tr -d '\000-\037\177'; }

_nexus_masked() { # standard input to standard output: no control characters, and each secret as [MASKED]
  NEXUS_MASKED=$(printf '%s\n' "${NEXUS_PASSWORD:-}" "${NEXUS_PASSWORD:+$(_nexus_basic)}" "${_nexus_token:-}" "${VAULT_ID_TOKEN:-${_nexus_id_token:-}}") \
    LC_ALL=C awk '
    BEGIN { count = split(ENVIRON["NEXUS_MASKED"], secrets, "\n") }
    { gsub(/[\001-\010\013-\037\177]/, "")
      for (i = 1; i <= count; i++) { rest = $0; $0 = ""
        while (length(secrets[i]) > 0 && (at = index(rest, secrets[i]))) {
          $0 = $0 substr(rest, 1, at - 1) "[MASKED]"; rest = substr(rest, at + length(secrets[i])) }
        $0 = $0 rest }
      print; fflush() }'
}

_nexus_plain() { # NAME VALUE: ends the job where the value has a control character
  [ "$2" = "$(_nexus_printable "$2")" ] || nexus_fail "$1 has a control character, such as a line break, in its value."
}

_nexus_scratch() { # sets _nexus_dir: a private folder, removed when the shell ends, and by after_script
  [ -z "${_nexus_dir:-}" ] || return 0
  _nexus_dir=$(mktemp -d "${TMPDIR:-/tmp}/nexus-${CI_JOB_ID:-0}.XXXXXX")
  trap 'rm -rf "$_nexus_dir"' EXIT
  trap 'exit 1' HUP INT TERM
}

_nexus_install_curl() {
  [ "${CI_DISPOSABLE_ENVIRONMENT:-}" = true ] || return 1 # never on a machine that outlives the job
  if command -v apk >/dev/null 2>&1; then
    nexus_log "installing curl with apk; an image with curl saves this time"
    apk add --no-cache curl >/dev/null 2>&1
  elif command -v apt-get >/dev/null 2>&1; then
    nexus_log "installing curl with apt-get; an image with curl saves this time"
    { apt-get update -q && apt-get install -qy --no-install-recommends curl ca-certificates; } >/dev/null 2>&1
  else
    return 1
  fi
}

_nexus_choose_client() { # sets _nexus_client: curl, wget (GNU's) or busybox
  [ -z "${_nexus_client:-}" ] || return 0
  _nexus_help=''
  if command -v curl >/dev/null 2>&1; then
    _nexus_client=curl
    return 0
  fi
  if command -v wget >/dev/null 2>&1; then
    _nexus_help=$(wget --help 2>&1) || :
    case $_nexus_help in
      *BusyBox*) nexus_log "this image has no curl, and BusyBox wget hides the reasons that Vault gives" ;;
      *)
        _nexus_client=wget
        return 0
        ;;
    esac
  fi
  if _nexus_install_curl && command -v curl >/dev/null 2>&1; then
    _nexus_client=curl
    return 0
  fi
  case $_nexus_help in
    *BusyBox*--post-file*)
      nexus_log "using BusyBox wget; it may not verify Vault's certificate"
      _nexus_client=busybox
      ;;
    *BusyBox*)
      nexus_fail "this BusyBox wget is too old to post JSON without showing it to every process." \
        "Alpine: apk add --no-cache curl. Kaniko: the executor's image v1.23.2-debug or newer."
      ;;
    *) nexus_fail "this image has neither curl nor wget." "Add curl to the image: apk add curl, apt-get install curl." ;;
  esac
}

_nexus_needs_curl() {
  _nexus_choose_client
  [ "$_nexus_client" = curl ] || nexus_fail "files are uploaded and downloaded with curl, which this image lacks." \
    "Add it to the image: apk add curl, apt-get install curl."
}

_nexus_repeat() { # COMMAND…, which sets nexus_status and nexus_answer: again after no answer, 429 and 5xx
  _nexus_try=1
  _nexus_pause=${NEXUS_RETRY_SECONDS:-1}
  while :; do
    nexus_status=000 nexus_answer='' _nexus_final=''
    "$@"
    case $nexus_status in 000 | 429 | 500 | 502 | 503 | 504) ;; *) return 0 ;; esac
    if [ -n "$_nexus_final" ] || ! _nexus_try_again "$(nexus_outcome)"; then return 0; fi
  done
}

_nexus_try_again() { # REASON: waits before the next try; fails after the last one
  [ "$_nexus_try" -lt "${NEXUS_ATTEMPTS:-5}" ] || return 1
  _nexus_try=$((_nexus_try + 1))
  nexus_log "$1; trying again in $_nexus_pause s ($_nexus_try of ${NEXUS_ATTEMPTS:-5})"
  sleep "$_nexus_pause"
  _nexus_pause=$((_nexus_pause * 2))
  [ "$_nexus_pause" -le 8 ] || _nexus_pause=8
}

nexus_outcome() { # prints how the last request ended
  case $nexus_status in
    000) printf 'no answer: %s' "${nexus_answer:-the connection failed}" ;;
    3??) printf 'HTTP %s, a redirect, which is not followed' "$nexus_status" ;;
    *) printf 'HTTP %s%s' "$nexus_status" "$(nexus_reason | sed 's/^/: /')" ;;
  esac
}

nexus_reason() { # prints the server's reason, if it gave one, in printable ASCII
  _nexus_reasons=$(printf '%s' "$nexus_answer" | tr -d '\n' | sed -n 's/.*"errors" *: *\[ *"\(.*\)" *\].*/\1/p')
  if [ -n "$_nexus_reasons" ]; then
    printf '%s' "$_nexus_reasons" | sed 's/\\n/ /g; s/\\t/ /g; s/\\u[0-9a-fA-F]*//g; s/\\"/"/g; s/", *"/; /g'
  else
    case $nexus_answer in
      '{'* | '') ;; # a document, perhaps the secret itself: never shown
      *) printf '%s' "$nexus_answer" | sed 's/<[^>]*>/ /g' | tr -s ' \t\r\n' '    ' | _nexus_masked | cut -c1-200 ;;
    esac
  fi | LC_ALL=C tr -cd '\040-\176'
}

_nexus_quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

_nexus_curl() { # CURL'S ARGUMENT…, with $_nexus_config as its configuration: sets nexus_status and nexus_answer
  _nexus_code=0
  _nexus_out=$(printf '%s\n' "$_nexus_config" | curl -q --silent --show-error --globoff --connect-timeout 10 \
    --write-out '\n%{http_code}' --config - "$@" 2>&1) || _nexus_code=$?
  _nexus_config=''
  if [ "$_nexus_code" = 0 ]; then
    nexus_status=${_nexus_out##*"
"}
    nexus_answer=${_nexus_out%"
"*}
  else
    nexus_answer=$(printf '%s\n' "$_nexus_out" | sed -n 's/.*curl: //p' | tail -n 1)
    # A bad address, or a certificate that is not trusted: another try would end the same way.
    case $_nexus_code in 3 | 51 | 58 | 60 | 77) _nexus_final=1 ;; esac
  fi
}

_nexus_ask_curl() { # METHOD URL BODY TOKEN
  _nexus_config=$(
    [ -z "$3" ] || printf 'header = "Content-Type: application/json"\ndata = "%s"\n' "$(_nexus_quoted "$3")"
    [ -z "$4" ] || printf 'header = "X-Vault-Token: %s"\n' "$4"
    [ -z "$_nexus_namespace" ] || printf 'header = "X-Vault-Namespace: %s"\n' "$(_nexus_quoted "$_nexus_namespace")"
    [ -z "${VAULT_CACERT:-}" ] || printf 'cacert = "%s"\n' "$(_nexus_quoted "$VAULT_CACERT")"
  )
  _nexus_curl --max-time 30 --request "$1" "$2"
}

_nexus_ask_wget() { # METHOD URL BODY TOKEN, with GNU wget
  _nexus_scratch
  {
    printf 'tries = 1\nmax_redirect = 0\ncontent_on_error = on\nserver_response = on\n'
    [ -z "$4" ] || printf 'header = X-Vault-Token: %s\n' "$4"
    [ -z "$_nexus_namespace" ] || printf 'header = X-Vault-Namespace: %s\n' "$_nexus_namespace"
    [ -z "${VAULT_CACERT:-}" ] || printf 'ca_certificate = %s\n' "$VAULT_CACERT"
  } >"$_nexus_dir/wgetrc"
  _nexus_wget "$1" "$2" "$3" --config="$_nexus_dir/wgetrc" -nv
}

_nexus_ask_busybox() { # METHOD URL BODY TOKEN, with BusyBox wget: it follows redirects with headers and body,
  # so the address is asked first without the token and with an empty body.
  if [ -n "$3" ]; then _nexus_busybox "$1" "$2" '{}' ''; else _nexus_busybox "$1" "$2" '' ''; fi
  case $nexus_status in 000 | 3?? | 429 | 5??) ;; *) _nexus_busybox "$@" ;; esac
}

_nexus_busybox() { # METHOD URL BODY TOKEN: sets nexus_status to 307 where it was redirected
  _nexus_scratch
  _nexus_token_header=${4:+"X-Vault-Token: $4"}
  set -- "$1" "$2" "$3"
  [ -z "$_nexus_token_header" ] || set -- "$@" --header "$_nexus_token_header"
  [ -z "$_nexus_namespace" ] || set -- "$@" --header "X-Vault-Namespace: $_nexus_namespace"
  _nexus_wget "$@"
  [ "$_nexus_connections" -le 1 ] || nexus_status=307 nexus_answer=''
}

_nexus_wget() { # METHOD URL BODY, then WGET'S ARGUMENT…
  _nexus_method=$1 _nexus_address=$2
  printf '%s' "$3" >"$_nexus_dir/body"
  shift 3
  if [ "$_nexus_method" = POST ]; then
    set -- "$@" --header 'Content-Type: application/json' --post-file "$_nexus_dir/body"
  fi
  _nexus_code=0
  : >"$_nexus_dir/answer" # wget leaves none without an answer
  LC_ALL=C timeout 30 wget -O "$_nexus_dir/answer" "$@" "$_nexus_address" 2>"$_nexus_dir/errors" || _nexus_code=$?
  case $_nexus_code in 124 | 143) echo "timed out after 30 s" >>"$_nexus_dir/errors" ;; esac
  nexus_status=$(sed -n 's/.*HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$_nexus_dir/errors" | tail -n 1)
  nexus_answer=$(tr -d '\000' <"$_nexus_dir/answer")
  _nexus_connections=$(grep -c '^Connecting to ' "$_nexus_dir/errors") || :
  nexus_status=${nexus_status:-200}
  if [ "$_nexus_code" != 0 ] && [ "$nexus_status" = 200 ]; then # none, or cut off
    nexus_status=000
    nexus_answer=$(sed 's/^wget: //' "$_nexus_dir/errors" | tail -n 1)
  fi
  rm -f "$_nexus_dir/body" "$_nexus_dir/answer" "$_nexus_dir/errors" "$_nexus_dir/wgetrc"
}

nexus_ask() { # METHOD URL BODY TOKEN: sets nexus_status, 000 without an answer, and nexus_answer
  _nexus_choose_client
  _nexus_repeat "_nexus_ask_$_nexus_client" "$@"
}

_nexus_string() { # JSON KEY: prints the key's string, nothing where it is missing or has escapes in it
  printf '%s' "$1" | sed -n "s/.*\"$2\" *: *\"\\([^\"\\\\]*\\)\".*/\\1/p"
}
