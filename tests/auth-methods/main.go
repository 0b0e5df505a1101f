// Auth methods that the Vault of the tests (built with the tag minimal) lacks, as one plugin: --kind names the method.
package main

import (
	"os"

	alicloud "github.com/hashicorp/vault-plugin-auth-alicloud"
	cf "github.com/hashicorp/vault-plugin-auth-cf"
	gcp "github.com/hashicorp/vault-plugin-auth-gcp/plugin"
	kerberos "github.com/hashicorp/vault-plugin-auth-kerberos"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	oci "github.com/hashicorp/vault-plugin-auth-oci"
	"github.com/hashicorp/vault/api"
	aws "github.com/hashicorp/vault/builtin/credential/aws"
	"github.com/hashicorp/vault/builtin/credential/github"
	"github.com/hashicorp/vault/builtin/credential/ldap"
	"github.com/hashicorp/vault/builtin/credential/okta"
	"github.com/hashicorp/vault/builtin/credential/radius"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

func main() {
	factories := map[string]logical.Factory{
		"alicloud": alicloud.Factory, "cf": cf.Factory, "gcp": gcp.Factory, "kerberos": kerberos.Factory,
		"kubernetes": kubernetes.Factory, "oci": oci.Factory, "aws": aws.Factory, "github": github.Factory,
		"ldap": ldap.Factory, "okta": okta.Factory, "radius": radius.Factory,
	}
	meta := &api.PluginAPIClientMeta{}
	flags := meta.FlagSet()
	kind := flags.String("kind", "", "")
	if err := flags.Parse(os.Args[1:]); err != nil {
		os.Exit(1)
	}
	if err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: factories[*kind]}); err != nil {
		os.Exit(1)
	}
}
