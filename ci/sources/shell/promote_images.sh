# shellcheck shell=sh
# Images from one environment's registry to the next one's, by the digest of their manifest.

nexus_promote_images() { # copies each of $NEXUS_IMAGES from $NEXUS_FROM to $NEXUS_TO with skopeo
  _nexus_check_environments "$NEXUS_FROM" "$NEXUS_TO" docker
  command -v skopeo >/dev/null 2>&1 || nexus_fail "images are promoted with skopeo, which this image lacks."
  _nexus_scratch
  _nexus_environment_registry "$NEXUS_FROM"
  _nexus_source=$_nexus_registry
  _nexus_environment_registry "$NEXUS_TO"
  _nexus_target=$_nexus_registry
  nexus_registry_config "$_nexus_dir/auth.json" "$_nexus_source" "$_nexus_target"
  [ -n "${NEXUS_IMAGES:-}" ] || nexus_fail "no images are named: set NEXUS_IMAGES, such as orchestrator/server:1.4.2"
  # shellcheck disable=SC2086 # a list
  set -- $NEXUS_IMAGES
  for _nexus_image in "$@"; do _nexus_promote_image "$_nexus_image"; done
  rm -f "$_nexus_dir/auth.json"
}

_nexus_promote_image() { # NAME:TAG
  _nexus_digest "$_nexus_source/$1"
  [ -n "$_nexus_sum" ] || nexus_fail "promote $1: it is not in $NEXUS_FROM ($_nexus_source)."
  _nexus_wanted=$_nexus_sum
  _nexus_digest "$_nexus_target/$1"
  if [ "$_nexus_sum" = "$_nexus_wanted" ]; then
    nexus_log "$1 is in $NEXUS_TO already, with the same digest sha256:$_nexus_wanted"
    return 0
  fi
  [ -z "$_nexus_sum" ] || nexus_fail "promote $1: $NEXUS_TO has another image under this tag. Nothing was overwritten." \
    "there:    sha256:$_nexus_sum" "promoted: sha256:$_nexus_wanted" "Build it under a new tag."
  nexus_run _nexus_bounded skopeo copy --all --preserve-digests --authfile "$_nexus_dir/auth.json" \
    "docker://$_nexus_source/$1" "docker://$_nexus_target/$1" ||
    nexus_fail "promote $1: skopeo could not copy it to $_nexus_target as $NEXUS_USER; its output is above."
  _nexus_digest "$_nexus_target/$1"
  [ "$_nexus_sum" = "$_nexus_wanted" ] || nexus_fail "promote $1: what arrived is not what was sent." \
    "sent:    sha256:$_nexus_wanted" "arrived: sha256:${_nexus_sum:-nothing}"
  nexus_log "promoted $1 from $NEXUS_FROM to $NEXUS_TO: sha256:$_nexus_wanted"
}

_nexus_digest() { # REFERENCE: sets _nexus_sum to its manifest's digest, to nothing where there is no such image
  _nexus_sum=''
  _nexus_repeat _nexus_inspect "$1"
  case $nexus_status in
    200) _nexus_sum=$(_nexus_checksum "$_nexus_dir/manifest") ;;
    404) ;;
    *) nexus_fail "read $1 as $NEXUS_USER: $nexus_answer" \
      "unauthorized or denied: may the account read there, by access.yaml?" ;;
  esac
}

_nexus_inspect() { # REFERENCE: its manifest, with the status that skopeo's error amounts to
  if _nexus_bounded skopeo inspect --raw --authfile "$_nexus_dir/auth.json" "docker://$1" >"$_nexus_dir/manifest" 2>"$_nexus_dir/errors" &&
    [ -s "$_nexus_dir/manifest" ]; then
    nexus_status=200
  elif grep -Eiq 'manifest unknown|name unknown|not found|unknown blob' "$_nexus_dir/errors"; then
    nexus_status=404
  elif ! grep -Eiq "$_nexus_temporary" "$_nexus_dir/errors"; then
    nexus_status=400
  fi
  nexus_answer=$(_nexus_masked <"$_nexus_dir/errors" | tail -n 1)
}
