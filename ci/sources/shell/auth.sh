# shellcheck shell=sh
# From the job's id_token to the account's credentials: NEXUS_USER and NEXUS_PASSWORD in this shell, not exported.
# Nothing is written to a file or an artifact; the id_token is unset and Vault's token revoked as soon as they are used.

nexus_auth() { # ACCOUNT [VERB FORMAT]: the account may be empty where only one may push, pull or promote the format
  case $- in
    *x*)
      set +x
      nexus_log "tracing (CI_DEBUG_TRACE, set -x) is switched off: it would print the password"
      ;;
  esac
  # Variables of these names that the job was started with would stay exported; so would an unset one under set -a.
  set +a
  unset NEXUS_USER NEXUS_PASSWORD
  _nexus_choose_account "${1:-}" "${2:-}" "${3:-}"
  _nexus_account "$_nexus_chosen"
  _nexus_check_variables
  _nexus_login
  _nexus_id_token=$VAULT_ID_TOKEN && unset VAULT_ID_TOKEN # to be masked until the end
  _nexus_secret=${NEXUS_SECRET_PATH:-$_nexus_secret_folder/$_nexus_chosen}
  nexus_ask GET "$_nexus_vault/v1/$_nexus_secret" '' "$_nexus_token"
  _nexus_read_status=$nexus_status _nexus_read_answer=$nexus_answer
  # A batch token cannot be revoked, and a policy may forbid it: then it expires in some minutes.
  "_nexus_ask_$_nexus_client" POST "$_nexus_vault/v1/auth/token/revoke-self" '{}' "$_nexus_token"
  nexus_status=$_nexus_read_status nexus_answer=$_nexus_read_answer
  _nexus_take_secret
  nexus_answer='' _nexus_read_answer='' _nexus_token='' _nexus_id_token=''
  nexus_log "credentials of $NEXUS_USER read from $_nexus_secret"
}

nexus_export() { export NEXUS_USER NEXUS_PASSWORD; } # for the job's own script; every program that it starts gets them

_nexus_choose_account() { # ACCOUNT VERB FORMAT: sets _nexus_chosen
  _nexus_chosen=$1
  [ -n "$2" ] && [ -n "$3" ] || return 0
  _nexus_able "$2" "$3"
  [ -n "$_nexus_current" ] || nexus_fail "no account may $2 $3." "Give one $2: [$3] in access.yaml."
  if [ -z "$1" ]; then
    case $_nexus_current in
      *' '*) nexus_fail "several accounts may $2 $3. Set NEXUS_ACCOUNT, or the input account, to one of:" "$_nexus_current" ;;
    esac
    _nexus_chosen=$_nexus_current
    return 0
  fi
  case " $_nexus_current $_nexus_former " in *" $1 "*) return 0 ;; esac
  _nexus_account "$1"
  # What an account may pull can come from roles that access.yaml does not describe: Nexus decides.
  [ "$2" = pull ] || nexus_fail "$1 may not $2 $3. These accounts may:" "$_nexus_current"
}

_nexus_check_variables() { # sets _nexus_vault and _nexus_namespace
  _nexus_vault=${VAULT_ADDR:-} _nexus_namespace=${VAULT_NAMESPACE:-$_nexus_namespace}
  [ -n "$_nexus_vault" ] || nexus_fail "VAULT_ADDR is empty. Set it on $_nexus_group, not on a project." \
    "GitLab: Settings > CI/CD > Variables of that group. Not protected: a protected variable is absent on other refs."
  case $_nexus_vault in
    http://* | https://*) ;;
    *) nexus_fail "VAULT_ADDR has no http:// or https:// in front: $_nexus_vault" "It is set on $_nexus_group." ;;
  esac
  _nexus_plain VAULT_ADDR "$_nexus_vault"
  _nexus_plain VAULT_NAMESPACE "$_nexus_namespace"
  _nexus_plain VAULT_CACERT "${VAULT_CACERT:-}"
  while [ "$_nexus_vault" != "${_nexus_vault%/}" ]; do _nexus_vault=${_nexus_vault%/}; done
  case ${VAULT_ID_TOKEN:-} in
    '') nexus_fail "this job has no id_token. Give it one:" 'id_tokens:' '  VAULT_ID_TOKEN:' "    aud: $_nexus_audience" ;;
    *[!A-Za-z0-9._-]* | [!e]*) nexus_fail "VAULT_ID_TOKEN is not an id_token of GitLab." \
      "Something sets a variable of that name; only id_tokens may." ;;
    *.*.*) ;;
    *) nexus_fail "VAULT_ID_TOKEN is incomplete: it does not have three parts." ;;
  esac
}

_nexus_login() { # sets _nexus_token
  nexus_ask POST "$_nexus_vault/v1/$_nexus_login_path" \
    "{\"role\":\"$_nexus_role\",\"jwt\":\"$VAULT_ID_TOKEN\"}" ''
  case $nexus_status in
    200)
      _nexus_token=$(_nexus_string "$(printf '%s' "$nexus_answer" | tr -d '\n')" client_token)
      nexus_answer=''
      case $_nexus_token in
        '' | *[!A-Za-z0-9._~+/=-]*) nexus_fail "$_nexus_vault answered the login with something that is not Vault's." \
          "Is VAULT_ADDR Vault's address? It is set on $_nexus_group." ;;
      esac
      ;;
    400 | 403) _nexus_refused ;;
    000) nexus_fail "Vault at $_nexus_vault cannot be reached: $(nexus_outcome)" "$(_nexus_unreachable)" ;;
    3??) nexus_fail "Vault at $_nexus_vault redirects elsewhere (HTTP $nexus_status)." \
      "Set VAULT_ADDR on $_nexus_group to the address that it redirects to." ;;
    404) nexus_fail "Vault at $_nexus_vault has no $_nexus_login_path: $(nexus_outcome)" \
      "Is VAULT_ADDR Vault's address, without /v1 and without /ui? It is set on $_nexus_group." ;;
    *) nexus_fail "Vault at $_nexus_vault accepts no login: $(nexus_outcome)" \
      "503 means sealed or starting. Try the job again later; if that does not help, ask the operators of Vault." ;;
  esac
}

_nexus_unreachable() { # prints what to do without an answer
  case $nexus_answer in
    *certificate* | *SSL* | *TLS*)
      echo "Its certificate is not trusted: set VAULT_CACERT to the file of your authority's certificate." ;;
    *resolve* | *'bad address'*) echo "Its name does not resolve here: is VAULT_ADDR, set on $_nexus_group, spelled right?" ;;
    *) echo "Is VAULT_ADDR, set on $_nexus_group, right, and does the runner's network reach it?" ;;
  esac
}

_nexus_refused() { # ends the job with Vault's reason, the claims that decide, and what to do
  _nexus_why=$(nexus_reason)
  nexus_log "Vault refused the login with role $_nexus_role: ${_nexus_why:-HTTP $nexus_status}"
  printf '  claims of the token\n' >&2
  for _nexus_name in iss aud project_path namespace_path ref ref_protected; do
    printf '    %-15s %s\n' "$_nexus_name" "$(_nexus_claim "$_nexus_name")" >&2
  done
  printf '  %s\n' "$(_nexus_printable "$(_nexus_advice "$_nexus_why")")" >&2
  exit 1
}

_nexus_advice() { # VAULT'S REASON
  case $1 in
    *'could not be found'*) echo "Vault does not have that role: the maintainers of ciaccess run pulumi up." ;;
    *'no audiences bound'*) echo "The role has no bound_audiences: the maintainers of ciaccess run pulumi up." ;;
    *audience*) echo "The job's id_tokens need aud: $_nexus_audience" ;;
    *'does not match any associated bound claim'* | *'claim is missing'* | *'bound claim'*)
      echo "Jobs of this project or ref are not admitted: compare with bound_claims of $_nexus_role in access.yaml." ;;
    *expired*) echo "An id_token ends with the job's timeout, or after 5 minutes: log in at the beginning of the job." ;;
    *issuer*) echo "The token is another GitLab's: Vault trusts $_nexus_issuer alone." ;;
    *'fetching keys'*) echo "Vault could not fetch GitLab's keys: is GitLab up, and does Vault's network reach it?" ;;
    *signature*) echo "The token was not signed by $_nexus_issuer: has something set VAULT_ID_TOKEN?" ;;
    *'permission denied'*)
      echo "Vault has no $_nexus_login_path in ${_nexus_namespace:+namespace }${_nexus_namespace:-its root namespace}:" \
        "are VAULT_ADDR, set on $_nexus_group, and VAULT_NAMESPACE right?" ;;
    '') # BusyBox wget hides the reason; the most common one is visible without it
      case $(_nexus_claim aud) in
        *"\"$_nexus_audience\""*) echo "BusyBox wget hides Vault's reason; iss, project and ref above must be admitted by $_nexus_role." ;;
        *) echo "The job's id_tokens need aud: $_nexus_audience" ;;
      esac
      ;;
    *) echo "Compare the claims with the role $_nexus_role in access.yaml." ;;
  esac
}

_nexus_claim() { # NAME: prints the claim as it is in the token, or (none)
  _nexus_json=$(printf '%s' "$VAULT_ID_TOKEN" | cut -d. -f2 | tr '_-' '/+')
  case $((${#_nexus_json} % 4)) in 2) _nexus_json=$_nexus_json== ;; 3) _nexus_json=$_nexus_json= ;; esac
  _nexus_value=$(printf '%s' "$_nexus_json" | base64 -d 2>/dev/null | tr -d '\000-\037\177' |
    sed -n -e "s/.*\"$1\" *: *\\(\"[^\"]*\"\\).*/\\1/p" -e "s/.*\"$1\" *: *\\(\\[[^]]*\\]\\).*/\\1/p") || :
  printf '%s' "${_nexus_value:-(none)}"
}

_nexus_take_secret() { # sets NEXUS_USER and NEXUS_PASSWORD from nexus_answer
  case $nexus_status in
    200)
      [ "$nexus_answer" != "${nexus_answer#'{'}" ] ||
        nexus_fail "$_nexus_vault answered for $_nexus_secret with something that is not Vault's." "Is a proxy between the two?" ;;
    404 | 403)
      case $_nexus_secret in
        */data/*) _nexus_no_secret ;;
        *) nexus_fail "HTTP $nexus_status from Vault for $_nexus_secret: the path lacks data/." \
          "KV version 2 wants it after the mount: ${_nexus_secret%%/*}/data/${_nexus_secret#*/}" ;;
      esac
      ;;
    *) nexus_fail "read $_nexus_secret: $(nexus_outcome)" "Try the job again; if that does not help, ask the operators of Vault." ;;
  esac
  NEXUS_USER=$(_nexus_secret_field username)
  NEXUS_PASSWORD=$(_nexus_secret_field password)
  case $NEXUS_USER in *:*) NEXUS_USER='' ;; esac # Basic authentication ends the name there
  if [ -z "$NEXUS_USER" ] || [ -z "$NEXUS_PASSWORD" ]; then
    nexus_fail "read $_nexus_secret: it has no username or password that can be used." \
      "Control characters, and a colon in the username, are refused. Quotes and backslashes need jq: add it to the image."
  fi
}

_nexus_no_secret() {
  [ "$nexus_status" = 404 ] || nexus_fail "Vault refuses $_nexus_secret: $(nexus_outcome)" \
    "data/ is there; the role $_nexus_role may not read it. Is the account in access.yaml under this role?"
  nexus_fail "there is no secret at $_nexus_secret (HTTP 404); data/ is there, so the path's form is right." \
    "It was deleted, or never created: the maintainers of ciaccess run pulumi up."
}

_nexus_secret_field() { # KEY: prints it, unless it has control characters; without jq, only values without escapes
  if command -v jq >/dev/null 2>&1; then
    printf '%s' "$nexus_answer" |
      jq -r ".data.data.$1 | strings | select(explode | all(. > 31 and (. < 127 or . > 159)))" 2>/dev/null || :
  else
    _nexus_value=$(_nexus_string "$(printf '%s' "$nexus_answer" | tr -d '\n' |
      sed -n 's/.*"data" *: *{ *"data" *: *{\([^}]*\)}.*/\1/p')" "$1")
    if [ "$_nexus_value" = "$(_nexus_printable "$_nexus_value")" ]; then printf '%s' "$_nexus_value"; fi
  fi
}
