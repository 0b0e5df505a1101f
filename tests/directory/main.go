// Directories that people log in by, for tests: an LDAP server, and a RADIUS server with the secret `shared`.
// Both know jane with the password `hers`; in LDAP she is in the group ops.
package main

import (
	"flag"
	"log"

	"github.com/jimlambrt/gldap"
	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
)

const (
	person   = "cn=jane,ou=people,dc=test"
	groups   = "ou=groups,dc=test"
	password = "hers"
)

func bind(w *gldap.ResponseWriter, r *gldap.Request) {
	answer := r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials))
	defer func() { _ = w.Write(answer) }()
	message, err := r.GetSimpleBindMessage()
	if err == nil && message.UserName == person && string(message.Password) == password {
		answer.SetResultCode(gldap.ResultSuccess)
	}
}

func search(w *gldap.ResponseWriter, r *gldap.Request) {
	answer := r.NewSearchDoneResponse(gldap.WithResponseCode(gldap.ResultSuccess))
	defer func() { _ = w.Write(answer) }()
	message, err := r.GetSearchMessage()
	if err != nil {
		return
	}
	name, attributes := person, map[string][]string{"cn": {"jane"}}
	if message.BaseDN == groups {
		name, attributes = "cn=ops,"+groups, map[string][]string{"cn": {"ops"}, "member": {person}}
	}
	_ = w.Write(r.NewSearchResponseEntry(name, gldap.WithAttributes(attributes)))
}

func answer(w radius.ResponseWriter, r *radius.Request) {
	code := radius.CodeAccessReject
	if rfc2865.UserName_GetString(r.Packet) == "jane" && rfc2865.UserPassword_GetString(r.Packet) == password {
		code = radius.CodeAccessAccept
	}
	_ = w.Write(r.Response(code))
}

func main() {
	ldap, by := flag.String("ldap", "", "address"), flag.String("radius", "", "address")
	flag.Parse()
	server, err := gldap.NewServer()
	if err != nil {
		log.Fatal(err)
	}
	mux, _ := gldap.NewMux()
	_ = mux.Bind(bind)
	_ = mux.Search(search)
	_ = server.Router(mux)
	go func() { log.Fatal(server.Run(*ldap)) }()
	packets := radius.PacketServer{
		Addr: *by, Handler: radius.HandlerFunc(answer), SecretSource: radius.StaticSecretSource([]byte("shared")),
	}
	log.Fatal(packets.ListenAndServe())
}
