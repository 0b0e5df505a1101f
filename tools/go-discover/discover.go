// Package discover stands where Vault imports HashiCorp's go-discover, by which servers of a cluster find each other in a
// cloud. A Vault that is built here has one server; without this the clients of nine clouds are compiled for it, a quarter
// of its packages (docs/adr/0003).
package discover

import (
	"errors"
	"fmt"
	"log"
)

var errLeftOut = errors.New("this Vault was built without auto_join; name the servers with leader_api_addr")

// Provider finds addresses in one cloud.
type Provider interface {
	Addrs(args map[string]string, l *log.Logger) ([]string, error)
	Help() string
}

// Providers are the known clouds: none.
var Providers = map[string]Provider{}

// Config is what auto_join holds, by key.
type Config map[string]string

// Parse refuses any auto_join.
func Parse(string) (Config, error) { return nil, errLeftOut }

// Discover finds addresses.
type Discover struct{}

// Option changes a Discover.
type Option func(*Discover) error

// WithProviders is an Option without effect.
func WithProviders(map[string]Provider) Option { return func(*Discover) error { return nil } }

// New returns a Discover that finds nothing.
func New(...Option) (*Discover, error) { return &Discover{}, nil }

// Addrs refuses any auto_join.
func (*Discover) Addrs(string, *log.Logger) ([]string, error) { return nil, errLeftOut }

// String returns the keys and values.
func (c Config) String() string { return fmt.Sprint(map[string]string(c)) }
