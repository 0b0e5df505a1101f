// pulumi-resource-vault serves the five Vault resource types that this project declares, bridged from the
// Terraform provider's own source. It is built only where the released plugin cannot be downloaded; the
// token names, and the version the engine asks for, are those of the released one (docs/adr/0003).
package main

import (
	"github.com/hashicorp/terraform-provider-vault/vault"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

const version = "7.14.0"

func main() {
	tfbridge.Main("vault", version, tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(vault.Provider()),
		Name:    "vault",
		Version: version,
		Resources: map[string]*tfbridge.ResourceInfo{
			"vault_mount":                 {Tok: "vault:index/mount:Mount"},
			"vault_policy":                {Tok: "vault:index/policy:Policy"},
			"vault_generic_secret":        {Tok: "vault:generic/secret:Secret"},
			"vault_jwt_auth_backend":      {Tok: "vault:jwt/authBackend:AuthBackend"},
			"vault_jwt_auth_backend_role": {Tok: "vault:jwt/authBackendRole:AuthBackendRole"},
		},
	}, []byte("{}"))
}
