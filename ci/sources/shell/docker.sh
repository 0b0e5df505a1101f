# shellcheck shell=sh
# Registries: the configuration that docker, Kaniko and skopeo read, and the two registries that are so often mistaken.

_nexus_registries() { # sets the registries' variables where the group has not
  NEXUS_REGISTRY=${NEXUS_REGISTRY:-$_nexus_push_registry}
  NEXUS_REGISTRY_PUSH=${NEXUS_REGISTRY_PUSH:-$NEXUS_REGISTRY}
  NEXUS_REGISTRY_PULL=${NEXUS_REGISTRY_PULL:-$_nexus_pull_registry}
  export NEXUS_REGISTRY NEXUS_REGISTRY_PUSH NEXUS_REGISTRY_PULL
  [ "$_nexus_push_registry" != "$_nexus_pull_registry" ] || return 0
  for _nexus_registry in "$NEXUS_REGISTRY" "$NEXUS_REGISTRY_PUSH"; do
    case $_nexus_registry in
      "$_nexus_pull_registry" | "$NEXUS_REGISTRY_PULL")
        nexus_fail "$_nexus_registry is the registry to pull from; nothing can be pushed there." \
          "NEXUS_REGISTRY and NEXUS_REGISTRY_PUSH are $_nexus_push_registry: is one set on the project, or in this file?"
        ;;
    esac
  done
}

_nexus_hosts() { # REGISTRY…: prints each host once; docker's credentials are per host, whatever folder is behind it
  for _nexus_each in "$@"; do printf '%s\n' "${_nexus_each%%/*}"; done | sort -u
}

nexus_registry_config() { # FILE REGISTRY…: writes the account's credentials for them as docker's config.json
  _nexus_config_file=$1
  shift
  (
    umask 077
    _nexus_entries=''
    for _nexus_host in $(_nexus_hosts "$@"); do
      _nexus_entry=$(printf '"%s":{"auth":"%s"}' "$_nexus_host" "$(_nexus_basic)")
      _nexus_entries=$_nexus_entries${_nexus_entries:+,}$_nexus_entry
    done
    mkdir -p "$(dirname "$_nexus_config_file")"
    printf '{"auths":{%s}}\n' "$_nexus_entries" >"$_nexus_config_file"
  )
}

nexus_docker_login() { # [pull]: logs docker in to both registries, or only to the one to pull from
  _nexus_registries
  if ! command -v docker >/dev/null 2>&1; then
    nexus_log "there is no docker in this image, so there is no login to the registries"
    return 0
  fi
  _nexus_scratch
  # On a machine that outlives the job, docker must not keep the password in its home.
  if [ -z "${DOCKER_CONFIG:-}" ] && [ "${CI_DISPOSABLE_ENVIRONMENT:-}" != true ]; then
    export DOCKER_CONFIG="$_nexus_dir/docker"
  fi
  if [ "${1:-}" = pull ]; then set -- "$NEXUS_REGISTRY_PULL"; else set -- "$NEXUS_REGISTRY" "$NEXUS_REGISTRY_PULL"; fi
  for _nexus_host in $(_nexus_hosts "$@"); do
    # After a 5xx to its first question docker shows no credentials, and reports 401: so once more.
    nexus_run _nexus_docker_login "$_nexus_host" >"$_nexus_dir/login" ||
      { grep -q ' 401 ' "$_nexus_dir/login" && nexus_run _nexus_docker_login "$_nexus_host" >"$_nexus_dir/login"; } || {
      cat "$_nexus_dir/login" >&2
      nexus_fail "docker login to $_nexus_host as $NEXUS_USER failed; docker's output is above." \
        "unauthorized: the password was changed a moment ago, or the account is disabled: run the job again, then ask."
    }
    nexus_log "docker is logged in to $_nexus_host"
  done
}

_nexus_docker_login() { printf '%s' "$NEXUS_PASSWORD" | _nexus_bounded docker login "$1" --username "$NEXUS_USER" --password-stdin; }

nexus_docker_build() { # builds $NEXUS_IMAGE, a name with a tag and no registry
  # shellcheck disable=SC2086,SC2153 # docker's arguments, split at blanks; NEXUS_IMAGE is one image
  nexus_run docker build --tag "$NEXUS_REGISTRY/$NEXUS_IMAGE" ${NEXUS_DOCKER_OPTIONS:-.}
}

nexus_docker_push() { # pushes $NEXUS_IMAGE, a name with a tag and no registry
  _nexus_reference=$NEXUS_REGISTRY/$NEXUS_IMAGE
  nexus_run _nexus_bounded docker push "$_nexus_reference" && return 0
  # A repository that is written once refuses a tag that it has; the same image under it is what was wanted.
  _nexus_id=$(docker image inspect --format '{{.Id}}' "$_nexus_reference" 2>/dev/null) || _nexus_id=''
  if [ -n "$_nexus_id" ] && _nexus_bounded docker pull --quiet "$_nexus_reference" >/dev/null 2>&1 &&
    [ "$(docker image inspect --format '{{.Id}}' "$_nexus_reference")" = "$_nexus_id" ]; then
    nexus_log "$_nexus_reference has the same image already"
    return 0
  fi
  _nexus_docker_failed push "$NEXUS_REGISTRY"
}

nexus_docker_pull() { # pulls $NEXUS_IMAGE, a name with a tag and no registry
  nexus_run _nexus_bounded docker pull "$NEXUS_REGISTRY_PULL/$NEXUS_IMAGE" || _nexus_docker_failed pull "$NEXUS_REGISTRY_PULL"
}

_nexus_docker_failed() { # push|pull REGISTRY
  nexus_fail "docker $1 of $2/$NEXUS_IMAGE as $NEXUS_USER failed; docker's output is above." \
    "denied: the account may not $1 docker images, by access.yaml."
}

nexus_kaniko_build() { # builds with Kaniko and pushes $NEXUS_IMAGE
  _nexus_registries
  export DOCKER_CONFIG="${DOCKER_CONFIG:-/kaniko/.docker}"
  nexus_registry_config "${DOCKER_CONFIG%/}/config.json" "$NEXUS_REGISTRY_PUSH" "$NEXUS_REGISTRY_PULL"
  # Without timestamps a repeated build is the same image, which a repository that is written once has already.
  # shellcheck disable=SC2086 # further options, split at blanks
  nexus_run "${NEXUS_KANIKO_EXECUTOR:-/kaniko/executor}" --context="$NEXUS_CONTEXT" --dockerfile="$NEXUS_DOCKERFILE" \
    --destination="$NEXUS_REGISTRY_PUSH/$NEXUS_IMAGE" --reproducible ${NEXUS_KANIKO_OPTIONS:-} ||
    nexus_fail "Kaniko did not push $NEXUS_REGISTRY_PUSH/$NEXUS_IMAGE as $NEXUS_USER; its output is above." \
      "UNAUTHORIZED or DENIED: the account may not push docker images, by access.yaml."
}
