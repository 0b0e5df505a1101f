# shellcheck shell=sh
# Maven: one built artifact and its POM by mvn deploy:deploy-file, which runs no plugin of the project.

_nexus_deploy_plugin=org.apache.maven.plugins:maven-deploy-plugin:3.1.4

nexus_deploy_maven() { _nexus_each_file _nexus_deploy_maven "${NEXUS_FILES:-}"; }
_nexus_deploy_maven() { # FILE
  [ $# = 1 ] || nexus_fail "several files match $NEXUS_FILES: name the one to deploy."
  _nexus_needs_curl
  _nexus_scratch
  _nexus_target=${NEXUS_MAVEN_REPO:-$_nexus_maven_repo}
  _nexus_pom=${NEXUS_POM:-pom.xml}
  [ -f "$_nexus_pom" ] || nexus_fail "there is no POM $_nexus_pom in $(pwd)."
  # mvn replaces the variables when it reads the file, which so holds no secret.
  # shellcheck disable=SC2016 # not the shell's variables
  printf '<settings><servers><server><id>nexus</id><username>${env.%s}</username><password>${env.%s}</password></server></servers></settings>' \
    NEXUS_MAVEN_USER NEXUS_MAVEN_PASSWORD >"$_nexus_dir/settings.xml"
  case $1 in /*) _nexus_file=$1 ;; *) _nexus_file=$(pwd)/${1#./} ;; esac
  case $_nexus_pom in /*) ;; *) _nexus_pom=$(pwd)/$_nexus_pom ;; esac
  nexus_run _nexus_mvn && return 0
  # A lost answer leaves the artifact without its POM; what is there already and the same is a success.
  _nexus_address=$(sed -n 's/.*Uploading to nexus: \(http[^ ]*\).*/\1/p' "$_nexus_dir/output" | grep "\.${1##*.}\$" | head -n 1)
  nexus_status=400 nexus_answer=''
  if [ -z "$_nexus_address" ] || ! _nexus_same "$_nexus_file" "$_nexus_address"; then
    nexus_fail "mvn did not deploy $1 as $NEXUS_USER; its output is above." \
      "403: the account may not push Maven artifacts. 400: another file of this version is there. 401: run the job again, then ask."
  fi
  _nexus_address=${_nexus_address%.*}.pom
  _nexus_repeat _nexus_transfer --upload-file "$_nexus_pom" "$_nexus_address"
  _nexus_uploaded "$_nexus_pom" "$_nexus_address"
}

_nexus_mvn() (
  cd "$_nexus_dir" || exit # a .mvn folder of the project could name extensions, which would have the password
  NEXUS_MAVEN_USER=$NEXUS_USER NEXUS_MAVEN_PASSWORD=$NEXUS_PASSWORD MAVEN_ARGS='' \
    mvn --batch-mode --settings "$_nexus_dir/settings.xml" "$_nexus_deploy_plugin:deploy-file" \
    "-Dfile=$_nexus_file" "-DpomFile=$_nexus_pom" -DrepositoryId=nexus "-Durl=$_nexus_target"
)
