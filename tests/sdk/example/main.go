// A program in Go that declares a selector, a privilege, a role and an account with the generated SDK.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"ciaccess/tests/sdk/ciaccess"
	"ciaccess/tests/sdk/ciaccess/nexus"
)

const owner = " (managed by example)"

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		plugin, err := ciaccess.NewProvider(ctx, "ciaccess", &ciaccess.ProviderArgs{
			Nexus_url: pulumi.String("https://nexus.example.org"),
		})
		if err != nil {
			return err
		}
		selector, err := nexus.NewContentSelector(ctx, "reports", &nexus.ContentSelectorArgs{
			Name:        pulumi.String("reports"),
			Description: pulumi.String("The team's reports" + owner),
			Expression:  pulumi.String(`format == "raw" and path =^ "/reports/"`),
		}, pulumi.Provider(plugin))
		if err != nil {
			return err
		}
		privilege, err := nexus.NewPrivilege(ctx, "reports-read", &nexus.PrivilegeArgs{
			Name:             pulumi.String("reports-read"),
			Description:      pulumi.String("Read reports" + owner),
			Type:             pulumi.String("repository-content-selector"),
			Format:           pulumi.String("raw"),
			Repository:       pulumi.String("raw-prod"),
			Content_selector: selector.Name,
			Actions:          pulumi.ToStringArray([]string{"browse", "read"}),
		}, pulumi.Provider(plugin))
		if err != nil {
			return err
		}
		account, err := ciaccess.NewServiceAccount(ctx, "svc-reports", &ciaccess.ServiceAccountArgs{
			Account: pulumi.String("svc-reports"),
			Users: ciaccess.AccountUserMap{"svc-reports": ciaccess.AccountUserArgs{
				User_id:          pulumi.String("svc-reports"),
				First_name:       pulumi.String("Reports"),
				Last_name:        pulumi.String("Service account" + owner),
				Email_address:    pulumi.String("reports@example.org"),
				Roles:            pulumi.ToStringArray([]string{"ci-svc-reports"}),
				Password_version: pulumi.Int(1),
			}},
			Role: ciaccess.AccountRoleArgs{
				Role_id:     pulumi.String("ci-svc-reports"),
				Name:        pulumi.String("ci-svc-reports"),
				Description: pulumi.String("Read reports" + owner),
				Privileges:  pulumi.StringArray{privilege.Name},
			},
			Secret: pulumi.StringMap{
				"path": pulumi.String("secret/data/nexus/svc-reports"),
				"user": pulumi.String("svc-reports"),
			},
			Applies: pulumi.Bool(!ctx.DryRun()),
		}, pulumi.Provider(plugin))
		if err != nil {
			return err
		}
		ctx.Export("fingerprints", account.Fingerprints)
		return nil
	})
}
