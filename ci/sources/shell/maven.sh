# shellcheck shell=sh
# Maven: one built artifact and its POM. mvn lays them out as a repository has them, without the password; curl uploads that.

_nexus_deploy_plugin=org.apache.maven.plugins:maven-deploy-plugin:3.1.4

nexus_deploy_maven() { _nexus_each_file _nexus_deploy_maven "${NEXUS_FILES:-}"; }
_nexus_deploy_maven() { # FILE
  [ $# = 1 ] || nexus_fail "several files match $NEXUS_FILES: name the one to deploy."
  _nexus_needs_curl
  _nexus_scratch
  _nexus_target=${NEXUS_MAVEN_REPO:-$_nexus_maven_repo}
  _nexus_target=${_nexus_target%/}
  _nexus_pom=${NEXUS_POM:-pom.xml}
  [ -f "$_nexus_pom" ] || nexus_fail "there is no POM $_nexus_pom in $(pwd)."
  case $1 in /*) _nexus_file=$1 ;; *) _nexus_file=$(pwd)/${1#./} ;; esac
  case $_nexus_pom in /*) ;; *) _nexus_pom=$(pwd)/$_nexus_pom ;; esac
  _nexus_lay_out
  # What the repository lists already stays listed: mvn adds this version to it.
  mv "$_nexus_dir/maven" "$_nexus_dir/alone"
  for _nexus_item in $(cd "$_nexus_dir/alone" && find . -name maven-metadata.xml); do
    _nexus_read "$_nexus_target/${_nexus_item#./}"
    [ -n "$_nexus_sum" ] || continue
    mkdir -p "$_nexus_dir/maven/${_nexus_item%/*}"
    mv "$_nexus_dir/download" "$_nexus_dir/maven/$_nexus_item"
  done
  if [ -d "$_nexus_dir/maven" ]; then _nexus_lay_out; else mv "$_nexus_dir/alone" "$_nexus_dir/maven"; fi
  # The lists come last, when what they name is there.
  for _nexus_item in $(cd "$_nexus_dir/maven" && find . -type f ! -name 'maven-metadata*' | sort && find . -name 'maven-metadata*' | sort); do
    _nexus_item=${_nexus_item#./}
    _nexus_repeat _nexus_transfer --upload-file "$_nexus_dir/maven/$_nexus_item" "$_nexus_target/$_nexus_item"
    _nexus_uploaded "$_nexus_dir/maven/$_nexus_item" "$_nexus_target/$_nexus_item"
  done
}

_nexus_lay_out() {
  nexus_run _nexus_mvn || nexus_fail "mvn cannot lay out $_nexus_file by its POM; its output is above." "Is $_nexus_pom the artifact's POM?"
}

_nexus_mvn() (
  cd "$_nexus_dir" || exit # a .mvn folder of the project could name extensions
  MAVEN_ARGS='' mvn --batch-mode "$_nexus_deploy_plugin:deploy-file" "-Dfile=$_nexus_file" "-DpomFile=$_nexus_pom" "-Durl=file://$_nexus_dir/maven"
)
