# shellcheck shell=sh
# Files from one environment's repository to the next one's, by their SHA-256.

nexus_promote_files() { # copies each of $NEXUS_PATHS in the repositories of $NEXUS_FORMAT
  _nexus_check_environments "$NEXUS_FROM" "$NEXUS_TO" "$NEXUS_FORMAT"
  _nexus_needs_curl
  _nexus_scratch
  _nexus_base=${NEXUS_URL:-$_nexus_url}
  _nexus_base=${_nexus_base%/}
  _nexus_repository "$NEXUS_FORMAT" "$NEXUS_FROM"
  _nexus_source=$_nexus_base/repository/$_nexus_name
  _nexus_repository "$NEXUS_FORMAT" "$NEXUS_TO"
  _nexus_target=$_nexus_base/repository/$_nexus_name
  [ -n "${NEXUS_PATHS:-}" ] || nexus_fail "no files are named: set NEXUS_PATHS, such as orchestrator/executor/executor-1.4.2.rpm"
  # shellcheck disable=SC2086 # a list
  set -- $NEXUS_PATHS
  for _nexus_item in "$@"; do _nexus_promote_file "${_nexus_item#/}"; done
}

_nexus_promote_file() { # PATH
  _nexus_item=$(_nexus_encoded "$1")
  _nexus_read "$_nexus_source/$_nexus_item"
  [ -n "$_nexus_sum" ] || nexus_fail "promote $1: it is not in $NEXUS_FROM ($_nexus_source)."
  _nexus_wanted=$_nexus_sum
  mv "$_nexus_dir/download" "$_nexus_dir/source"
  _nexus_read "$_nexus_target/$_nexus_item"
  if [ "$_nexus_sum" = "$_nexus_wanted" ]; then
    nexus_log "$1 is in $NEXUS_TO already, the same: sha256 $_nexus_wanted"
    return 0
  fi
  [ -z "$_nexus_sum" ] || nexus_fail "promote $1: $NEXUS_TO has another file there. Nothing was overwritten." \
    "there:    sha256 $_nexus_sum" "promoted: sha256 $_nexus_wanted" "Build it under a new version."
  case $NEXUS_FORMAT in
    yum | raw) _nexus_repeat _nexus_transfer --upload-file "$_nexus_dir/source" "$_nexus_target/$_nexus_item" ;;
    *) # these formats find the path in the package itself; their clients' upload is a form
      _nexus_repeat _nexus_transfer --form "$NEXUS_FORMAT.asset=@$_nexus_dir/source;filename=\"$(_nexus_quoted "${1##*/}")\"" \
        "$_nexus_base/service/rest/v1/components?repository=${_nexus_target##*/}"
      ;;
  esac
  # After a lost answer the second try is refused; what arrived decides.
  if [ "$nexus_status" != 400 ] || [ "$_nexus_try" = 1 ]; then
    _nexus_uploaded "$_nexus_dir/source" "$_nexus_target/$_nexus_item"
  fi
  _nexus_read "$_nexus_target/$_nexus_item"
  [ "$_nexus_sum" = "$_nexus_wanted" ] || nexus_fail "promote $1: what arrived is not what was sent." \
    "sent:    sha256 $_nexus_wanted" "arrived: sha256 ${_nexus_sum:-nothing}"
  nexus_log "promoted $1 from $NEXUS_FROM to $NEXUS_TO: sha256 $_nexus_wanted"
}

_nexus_read() { # URL: downloads it, with _nexus_sum empty where there is none; ends the job where that cannot be read
  _nexus_download "$1"
  case $nexus_status in
    200 | 404) ;;
    403) nexus_fail "read $1: $NEXUS_USER may not read there (HTTP 403)." "By access.yaml the account may read elsewhere." ;;
    *) nexus_fail "read $1 as $NEXUS_USER: $(nexus_outcome)" "Try the job again; if that does not help, ask the operators of Nexus." ;;
  esac
}
