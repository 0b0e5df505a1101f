// Reads an entry of `secrets: vault:` as GitLab hands it to a runner, on standard input, and prints what the runner's
// own code (helpers/vault) reads from Vault.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"gitlab.com/gitlab-org/gitlab-runner/helpers/vault/auth_methods"
	"gitlab.com/gitlab-org/gitlab-runner/helpers/vault/service"
)

type secret struct {
	Server struct {
		URL       string `json:"url"`
		Namespace string `json:"namespace"`
		Auth      struct {
			Name string            `json:"name"`
			Path string            `json:"path"`
			Data auth_methods.Data `json:"data"`
		} `json:"auth"`
	} `json:"server"`
	Engine struct {
		Name string `json:"name"`
		Path string `json:"path"`
	} `json:"engine"`
	Path  string `json:"path"`
	Field string `json:"field"`
}

func (s *secret) AuthName() string            { return s.Server.Auth.Name }
func (s *secret) AuthPath() string            { return s.Server.Auth.Path }
func (s *secret) AuthData() auth_methods.Data { return s.Server.Auth.Data }
func (s *secret) EngineName() string          { return s.Engine.Name }
func (s *secret) EnginePath() string          { return s.Engine.Path }
func (s *secret) SecretPath() string          { return s.Path }
func (s *secret) SecretField() string         { return s.Field }

func main() {
	value, err := read()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(value)
}

func read() (any, error) {
	var asked secret
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return nil, err
	}
	vault, err := service.NewVault(asked.Server.URL, asked.Server.Namespace, &asked)
	if err != nil {
		return nil, err
	}
	value, err := vault.GetField(&asked, &asked)
	if err == nil && value == nil {
		err = errors.New("the secret has no such field")
	}
	return value, err
}
