# shellcheck shell=sh
# Files over HTTP: RPMs and raw files with curl, Python packages with twine, npm packages with npm.
# What is there already and the same is a success: an answer may have been lost, and the job may be run again.

_nexus_transfer() { # CURL'S ARGUMENT…: as the account
  # One that stalls or drips ends after a minute; a slow one may take as long as it needs.
  _nexus_config=$(printf 'user = "%s:%s"\nspeed-limit = 1000\nspeed-time = 60\n' \
    "$(_nexus_quoted "$NEXUS_USER")" "$(_nexus_quoted "$NEXUS_PASSWORD")")
  _nexus_curl "$@"
}

_nexus_encoded() { # PATH: prints it as it is in a URL
  printf '%s' "$1" | sed 's/%/%25/g; s/ /%20/g; s/#/%23/g; s/?/%3F/g; s/"/%22/g; s/\^/%5E/g; s/\[/%5B/g; s/\]/%5D/g'
}

_nexus_checksum() { sha256sum <"$1" | cut -d' ' -f1; }

_nexus_download() { # URL: sets nexus_status, and _nexus_sum to the file's SHA-256, empty unless it was read whole
  _nexus_scratch
  _nexus_sum=''
  : >"$_nexus_dir/download"
  _nexus_repeat _nexus_transfer --output "$_nexus_dir/download" "$1"
  [ "$nexus_status" != 200 ] || _nexus_sum=$(_nexus_checksum "$_nexus_dir/download")
}

_nexus_same() { # FILE URL: whether Nexus has the same file there; the last request's outcome stays
  command -v curl >/dev/null 2>&1 || return 1
  _nexus_kept_status=$nexus_status _nexus_kept_answer=$nexus_answer
  _nexus_download "$2"
  nexus_status=$_nexus_kept_status nexus_answer=$_nexus_kept_answer
  [ -n "$_nexus_sum" ] && [ "$_nexus_sum" = "$(_nexus_checksum "$1")" ] || return 1
  nexus_log "$2 is there already, the same: sha256 $_nexus_sum"
}

_nexus_uploaded() { # FILE URL: ends the job unless nexus_status is a success, or the same file is there
  case $nexus_status in
    200 | 201 | 204) nexus_log "uploaded $1 to $2" ;;
    401) nexus_fail "upload $1: Nexus refuses $NEXUS_USER with this password (HTTP 401)." \
      "It was changed a moment ago, or the account is disabled: run the job again, then ask." ;;
    403) nexus_fail "upload $1: $NEXUS_USER may not write to $2 (HTTP 403)." \
      "By access.yaml the account may push elsewhere${_nexus_path:+: only under $_nexus_path}." ;;
    400 | 409) _nexus_same "$1" "$2" || nexus_fail "upload $1: Nexus refuses it at $2: $(nexus_outcome)" \
      "Either another file is there, in a repository that is written once, or it is not a file of the repository's format." ;;
    404) nexus_fail "upload $1: there is no such repository: $2" "Is the repository's variable right?" ;;
    *) nexus_fail "upload $1 to $2: $(nexus_outcome)" "Try the job again; if that does not help, ask the operators of Nexus." ;;
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

nexus_push_helm() { _nexus_each_file _nexus_push_helm "${NEXUS_FILES:-}"; }
_nexus_push_helm() { NEXUS_PATH=/ && _nexus_upload "${NEXUS_HELM_REPO:-$_nexus_helm_repo}" "$@"; }

nexus_upload_apt() { _nexus_each_file _nexus_upload_apt "${NEXUS_FILES:-}"; }
_nexus_upload_apt() { # FILE…: Nexus finds the path in the package itself
  _nexus_needs_curl
  _nexus_target=${NEXUS_APT_REPO:-$_nexus_apt_repo}
  for _nexus_file in "$@"; do
    # shellcheck disable=SC2016 # dpkg's variables
    _nexus_package=$(dpkg-deb --show --showformat '${Package}_${Version}_${Architecture}.deb' "$_nexus_file" 2>/dev/null) ||
      _nexus_package=${_nexus_file##*/}
    _nexus_project=${_nexus_package%%_*}
    _nexus_repeat _nexus_transfer --header 'Content-Type: multipart/form-data' --data-binary "@$_nexus_file" "$_nexus_target"
    _nexus_uploaded "$_nexus_file" \
      "${_nexus_target%/}/pool/$(printf %.1s "$_nexus_project")/$_nexus_project/$(_nexus_encoded "$_nexus_package")"
  done
}

nexus_publish_pypi() { # publishes $NEXUS_FILES with twine
  if ! command -v twine >/dev/null 2>&1; then
    _nexus_scratch
    _nexus_twine_pins >"$_nexus_dir/twine.txt"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
      --target "$_nexus_dir/twine" --requirement "$_nexus_dir/twine.txt" ||
      nexus_fail "twine is missing, and pip cannot install it." "Use an image with twine in it."
  fi
  _nexus_each_file _nexus_publish_pypi "${NEXUS_FILES:-}"
}

_nexus_publish_pypi() { # FILE…: one at a time, so that one that is there already does not stop the others
  NEXUS_PYPI_PUSH_URL=${NEXUS_PYPI_PUSH_URL:-$_nexus_pypi_push_url}
  for _nexus_file in "$@"; do
    nexus_run _nexus_twine "$_nexus_file" && continue
    nexus_status=400 nexus_answer=''
    _nexus_same "$_nexus_file" "${NEXUS_PYPI_PUSH_URL%/}/$(_nexus_pypi_path "${_nexus_file##*/}")" && continue
    nexus_fail "twine did not publish $_nexus_file as $NEXUS_USER; its output is above." \
      "403: the account may not push Python packages. 400: another file of this version is there. 401: run the job again, then ask."
  done
}

_nexus_twine() ( # FILE
  set -- twine upload --disable-progress-bar "$1"
  if [ -d "$_nexus_dir/twine" ]; then
    set -- python3 -m "$@"
    export PYTHONPATH="$_nexus_dir/twine"
  fi
  export TWINE_USERNAME="$NEXUS_USER" TWINE_PASSWORD="$NEXUS_PASSWORD" TWINE_NON_INTERACTIVE=1 TWINE_REPOSITORY_URL="$NEXUS_PYPI_PUSH_URL"
  _nexus_bounded "$@"
)

_nexus_pypi_path() { # FILE: prints its path in the repository, from the name and version in the file's name
  case $1 in
    *.whl) _nexus_project=${1%%-*} _nexus_version=${1#*-} _nexus_version=${_nexus_version%%-*} ;;
    *) _nexus_version=${1%.tar.*} _nexus_version=${_nexus_version%.zip} _nexus_project=${_nexus_version%-*} _nexus_version=${_nexus_version##*-} ;;
  esac
  _nexus_project=$(printf '%s' "$_nexus_project" | tr '[:upper:]' '[:lower:]' | sed 's/[-_.][-_.]*/-/g')
  printf 'packages/%s/%s/%s' "$_nexus_project" "$_nexus_version" "$(_nexus_encoded "$1")"
}

nexus_publish_npm() { # publishes $NEXUS_PACKAGE, a folder or a .tgz, with npm, and runs none of its scripts
  _nexus_scratch
  NEXUS_NPM_REPO=${NEXUS_NPM_REPO:-$_nexus_npm_repo}
  NEXUS_NPM_REPO=${NEXUS_NPM_REPO%/}/
  # npm replaces the variable when it reads the file, which so holds no secret.
  # shellcheck disable=SC2016 # not the shell's variable
  printf '//%s:_auth=${NEXUS_NPM_AUTH}\n' "${NEXUS_NPM_REPO#*://}" >"$_nexus_dir/npmrc"
  # A name without ./ in front would be one of the registry's.
  _nexus_package=${NEXUS_PACKAGE:-.}
  case $_nexus_package in /* | ./* | ../* | .) ;; *) _nexus_package=./$_nexus_package ;; esac
  mkdir -p "$_nexus_dir/npm"
  npm pack "$_nexus_package" --ignore-scripts --json --pack-destination "$_nexus_dir/npm" >"$_nexus_dir/npm.json" ||
    nexus_fail "npm cannot pack $_nexus_package; its output is above." "Is it the folder of a package.json, or a .tgz?"
  set -- "$_nexus_dir/npm"/*.tgz
  nexus_run _nexus_npm "$1" && return 0
  _nexus_json=$(tr -d '\n' <"$_nexus_dir/npm.json")
  _nexus_project=$(_nexus_string "$_nexus_json" name) _nexus_version=$(_nexus_string "$_nexus_json" version)
  nexus_status=400 nexus_answer=''
  _nexus_same "$1" "$NEXUS_NPM_REPO$_nexus_project/-/${_nexus_project##*/}-$_nexus_version.tgz" ||
    nexus_fail "npm did not publish $_nexus_package as $NEXUS_USER; its output is above." \
      "E403: the account may not push npm packages. E400: another package of this version is there. E401: run the job again, then ask."
}

_nexus_npm() ( # FILE
  NEXUS_NPM_AUTH=$(_nexus_basic)
  export NEXUS_NPM_AUTH
  _nexus_bounded npm publish "$1" --ignore-scripts --registry "$NEXUS_NPM_REPO" --userconfig "$_nexus_dir/npmrc"
)
