# shellcheck shell=sh
# Files over HTTP: RPMs and raw files with curl, Python packages with twine, npm packages with npm.

_nexus_transfer() { # CURL'S WORD…: as the account
  # A stalled transfer ends after a minute; a slow one may take as long as it needs.
  _nexus_config=$(printf 'user = "%s:%s"\nspeed-limit = 1\nspeed-time = 60\n' \
    "$(_nexus_quoted "$NEXUS_USER")" "$(_nexus_quoted "$NEXUS_PASSWORD")")
  _nexus_curl "$@"
}

_nexus_encoded() { # PATH: prints it as it stands in a URL
  printf '%s' "$1" | sed 's/%/%25/g; s/ /%20/g; s/#/%23/g; s/?/%3F/g; s/"/%22/g; s/\^/%5E/g; s/\[/%5B/g; s/\]/%5D/g'
}

_nexus_uploaded() { # FILE URL: ends the job unless nexus_status says that it was taken
  case $nexus_status in
    200 | 201 | 204) nexus_say "uploaded $1 to $2" ;;
    401) nexus_fail "upload $1: Nexus does not know $NEXUS_USER with this password (HTTP 401)." \
      "It was changed a moment ago, or the account is disabled: run the job again, then ask." ;;
    403) nexus_fail "upload $1: $NEXUS_USER may not write to $2 (HTTP 403)." \
      "access.yaml says what the account may push${_nexus_path:+, and only under $_nexus_path}." ;;
    400) nexus_fail "upload $1: Nexus does not take it at $2: $(nexus_outcome)" \
      "Either it is there already, in a repository that is written once, or it is no file of the repository's format." ;;
    404) nexus_fail "upload $1: there is no such repository: $2" "Is the repository's variable right?" ;;
    *) nexus_fail "upload $1 to $2: $(nexus_outcome)" "Try the job again; if that does not help, ask whoever runs Nexus." ;;
  esac
}

_nexus_upload() { # REPOSITORY'S URL, then FILE…: into $NEXUS_PATH, by default the folder that the account may write to
  _nexus_needs_curl
  _nexus_target=${1%/}
  shift
  _nexus_folder=${NEXUS_PATH:-${_nexus_path:-/}}
  _nexus_folder=/${_nexus_folder#/}
  _nexus_folder=${_nexus_folder%/}/
  for _nexus_file in "$@"; do
    _nexus_address=$_nexus_target$(_nexus_encoded "$_nexus_folder${_nexus_file##*/}")
    _nexus_repeat _nexus_transfer --upload-file "$_nexus_file" "$_nexus_address"
    _nexus_uploaded "$_nexus_file" "$_nexus_address"
  done
}

nexus_upload_rpm() { _nexus_each_file _nexus_upload_rpm "${NEXUS_FILES:-}"; }
_nexus_upload_rpm() { _nexus_upload "${NEXUS_RPM_REPO:-$_nexus_rpm_repo}" "$@"; }
nexus_upload_raw() { _nexus_each_file _nexus_upload_raw "${NEXUS_FILES:-}"; }
_nexus_upload_raw() { _nexus_upload "${NEXUS_RAW_REPO:-$_nexus_raw_repo}" "$@"; }

nexus_publish_pypi() { # publishes $NEXUS_FILES with twine
  if ! command -v twine >/dev/null 2>&1; then
    python3 -m pip install --quiet --disable-pip-version-check twine || nexus_fail "twine is missing, and pip cannot install it." \
      "Use an image with twine in it."
  fi
  _nexus_each_file _nexus_publish_pypi "${NEXUS_FILES:-}"
}

_nexus_publish_pypi() {
  nexus_run _nexus_twine "$@" || nexus_fail "twine did not publish as $NEXUS_USER; its words are above." \
    "403: the account may not push Python packages. 400: this version is there already. 401: run the job again, then ask."
}

_nexus_twine() {
  TWINE_USERNAME=$NEXUS_USER TWINE_PASSWORD=$NEXUS_PASSWORD TWINE_NON_INTERACTIVE=1 \
    TWINE_REPOSITORY_URL=${NEXUS_PYPI_PUSH_URL:-$_nexus_pypi_push_url} twine upload --disable-progress-bar "$@"
}

nexus_publish_npm() { # publishes $NEXUS_PACKAGE, a folder or a .tgz, with npm
  _nexus_scratch
  NEXUS_NPM_REPO=${NEXUS_NPM_REPO:-$_nexus_npm_repo}
  NEXUS_NPM_REPO=${NEXUS_NPM_REPO%/}/
  # npm puts the variable in when it reads the file, which so holds no secret.
  # shellcheck disable=SC2016 # not the shell's variable
  printf '//%s:_auth=${NEXUS_NPM_AUTH}\n' "${NEXUS_NPM_REPO#*://}" >"$_nexus_dir/npmrc"
  nexus_run _nexus_npm "${NEXUS_PACKAGE:-.}" || nexus_fail "npm did not publish as $NEXUS_USER; its words are above." \
    "E403: the account may not push npm packages. E400: this version is there already. E401: run the job again, then ask."
}

_nexus_npm() { # PACKAGE; a name without ./ in front would be one of the registry's
  case $1 in /* | ./* | ../* | .) set -- "$1" ;; *) set -- "./$1" ;; esac
  NEXUS_NPM_AUTH=$(_nexus_basic) npm publish "$1" --registry "$NEXUS_NPM_REPO" --userconfig "$_nexus_dir/npmrc"
}
