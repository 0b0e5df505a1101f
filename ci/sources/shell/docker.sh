# shellcheck shell=sh
# Registries: the configuration that docker, Kaniko and skopeo read, and the two ports that are so often mistaken.

_nexus_registries() { # sets the registries' variables where the group has not
  NEXUS_REGISTRY=${NEXUS_REGISTRY:-$_nexus_push_registry}
  NEXUS_REGISTRY_PUSH=${NEXUS_REGISTRY_PUSH:-$NEXUS_REGISTRY}
  NEXUS_REGISTRY_PULL=${NEXUS_REGISTRY_PULL:-$_nexus_pull_registry}
  export NEXUS_REGISTRY NEXUS_REGISTRY_PUSH NEXUS_REGISTRY_PULL
  for _nexus_registry in "$NEXUS_REGISTRY" "$NEXUS_REGISTRY_PUSH"; do
    case $_nexus_registry in
      "$_nexus_pull_registry" | "$NEXUS_REGISTRY_PULL")
        nexus_fail "$_nexus_registry is the registry to pull from; nothing can be pushed there." \
          "NEXUS_REGISTRY and NEXUS_REGISTRY_PUSH are $_nexus_push_registry: is one set on the project, or in this file?"
        ;;
    esac
  done
}

nexus_registry_config() { # FILE REGISTRY…: writes the account's credentials for them as docker's config.json
  _nexus_config_file=$1
  shift
  (
    umask 077
    _nexus_entries=''
    for _nexus_registry in "$@"; do
      _nexus_entry=$(printf '"%s":{"auth":"%s"}' "${_nexus_registry%%/*}" "$(_nexus_basic)")
      _nexus_entries=$_nexus_entries${_nexus_entries:+,}$_nexus_entry
    done
    mkdir -p "$(dirname "$_nexus_config_file")"
    printf '{"auths":{%s}}\n' "$_nexus_entries" >"$_nexus_config_file"
  )
}

nexus_docker_login() { # [pull]: logs docker in at both registries, or at the one to pull from alone
  _nexus_registries
  if ! command -v docker >/dev/null 2>&1; then
    nexus_say "there is no docker in this image, so nobody logs in at the registries"
    return 0
  fi
  _nexus_scratch
  # Where the machine outlives the job, docker must not keep the password in its home.
  if [ -z "${DOCKER_CONFIG:-}" ] && [ "${CI_DISPOSABLE_ENVIRONMENT:-}" != true ]; then
    export DOCKER_CONFIG="$_nexus_dir/docker"
  fi
  if [ "${1:-}" = pull ]; then set -- "$NEXUS_REGISTRY_PULL"; else set -- "$NEXUS_REGISTRY" "$NEXUS_REGISTRY_PULL"; fi
  for _nexus_registry in "$@"; do
    nexus_run _nexus_docker_login "$_nexus_registry" >"$_nexus_dir/login" || {
      cat "$_nexus_dir/login" >&2
      nexus_fail "docker login at $_nexus_registry as $NEXUS_USER did not work; docker's words are above." \
        "unauthorized: the password was changed a moment ago, or the account is disabled: run the job again, then ask."
    }
    nexus_say "docker is logged in at $_nexus_registry"
  done
}

_nexus_docker_login() { printf '%s' "$NEXUS_PASSWORD" | docker login "$1" --username "$NEXUS_USER" --password-stdin; }

nexus_docker_build() { # builds $NEXUS_IMAGE, a name with a tag and no registry
  # shellcheck disable=SC2086,SC2153 # docker's words, split at blanks; NEXUS_IMAGE is one image
  nexus_run docker build --tag "$NEXUS_REGISTRY/$NEXUS_IMAGE" ${NEXUS_DOCKER_OPTIONS:-.}
}

nexus_docker_push() { # pushes $NEXUS_IMAGE, a name with a tag and no registry
  nexus_run docker push "$NEXUS_REGISTRY/$NEXUS_IMAGE" || _nexus_docker_failed "push" "$NEXUS_REGISTRY"
}

nexus_docker_pull() { # pulls $NEXUS_IMAGE, a name with a tag and no registry
  nexus_run docker pull "$NEXUS_REGISTRY_PULL/$NEXUS_IMAGE" || _nexus_docker_failed "pull" "$NEXUS_REGISTRY_PULL"
}

_nexus_docker_failed() {
  nexus_fail "docker $1 of $2/$NEXUS_IMAGE as $NEXUS_USER did not work; docker's words are above." \
    "denied: the account may not $1 docker images; access.yaml says what it may."
}

nexus_kaniko_build() { # builds with Kaniko and pushes $NEXUS_IMAGE
  _nexus_registries
  export DOCKER_CONFIG="${DOCKER_CONFIG:-/kaniko/.docker}"
  nexus_registry_config "${DOCKER_CONFIG%/}/config.json" "$NEXUS_REGISTRY_PUSH" "$NEXUS_REGISTRY_PULL"
  # shellcheck disable=SC2086 # further options, split at blanks
  nexus_run "${NEXUS_KANIKO_EXECUTOR:-/kaniko/executor}" --context "$NEXUS_CONTEXT" --dockerfile "$NEXUS_DOCKERFILE" \
    --destination "$NEXUS_REGISTRY_PUSH/$NEXUS_IMAGE" ${NEXUS_KANIKO_OPTIONS:-} ||
    nexus_fail "Kaniko did not push $NEXUS_REGISTRY_PUSH/$NEXUS_IMAGE as $NEXUS_USER; its words are above." \
      "UNAUTHORIZED or DENIED: the account may not push docker images; access.yaml says what it may."
}
