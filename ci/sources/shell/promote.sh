# shellcheck shell=sh
# From dev to uat, from uat to prod: what was tested is what is copied, byte for byte, and nothing is overwritten.
# Where the target has it already, the same is a success, and something else ends the job.

_nexus_check_environments() { # FROM TO FORMAT
  case $1-$2 in
    dev-uat | uat-prod) ;;
    *) nexus_fail "$1 to $2 is no promotion: it goes from dev to uat, and from uat to prod." ;;
  esac
  case " $_nexus_targets " in
    *" $3-$2 "*) ;;
    *) nexus_fail "$_nexus_chosen may not promote $3 to $2. By access.yaml it may promote:" "$_nexus_targets" ;;
  esac
}
