package inestest

import (
	"context"
	"crypto/subtle"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/soap"
)

// soap returns the SOAP side: strict about what it is sent, so that a client that
// departs from the contract is found out.
func (s *Service) soap() http.Handler {
	c := s.cfg.Contract
	server := &soap.Server{Charset: c.Charset, Check: s.authenticate(), Understood: []xml.Name{soap.Security}}
	if c.Namespace == ines.ReferenceNamespace && c.SOAP == "1.1" && !c.Unqualified { // what the WSDL says
		server.WSDL = ines.ReferenceWSDL()
	}
	for op, x := range c.Operations {
		server.Handle(c.Namespace, x.Request, func(ctx context.Context, r *soap.Request) (*etree.Element, error) {
			if r.Version.String() != c.SOAP {
				return nil, soap.NewFault("VersionMismatch", "want SOAP "+c.SOAP)
			}
			if r.Action != x.Action {
				return nil, s.fault("Client", "INVENTE-FORME", "want the action "+x.Action)
			}
			request, err := s.codec.DecodeRequest(r.Body)
			if err != nil {
				return nil, s.fault("Client", "INVENTE-FORME", err.Error())
			}
			answers, fault, err := s.process(request, false)
			if err != nil {
				return nil, err
			}
			planOf(ctx).fault = fault
			switch fault {
			case ServerFault, ServerFaultAfter:
				return nil, s.fault("Server", "", words(request))
			case ClientFault:
				return nil, s.fault("Client", "INVENTE-FORME", words(request))
			}
			return s.codec.EncodeAnswer(op, answers...)
		})
	}
	return server
}

// words is what a careless service says: it repeats the personal data it was sent.
func words(r ines.Request) string {
	switch r := r.(type) {
	case ines.VerifyRequest:
		return "erreur interne : " + r.INE.String() + " " + r.BirthDate.String()
	case ines.SearchRequest:
		return "erreur interne : " + r.Person.BirthName + " " + r.Person.BirthDate.String()
	case ines.RegisterRequest:
		return "erreur interne : " + r.Person.BirthName + " " + r.Person.BirthDate.String()
	}
	return "erreur interne"
}

// fault builds a fault of SOAP's own code, with the service's code and words
// where the contract has them.
func (s *Service) fault(class, code, message string) error {
	c := s.cfg.Contract
	if code == "" || c.FaultCode == "" {
		return soap.NewFault(class, message)
	}
	holder := etree.NewElement("detail")
	for _, said := range []struct{ path, text string }{{c.FaultCode, code}, {c.FaultMessage, message}} {
		if said.path == "" {
			continue
		}
		at := holder
		for local := range strings.SplitSeq(said.path, "/") {
			next := at.SelectElement(local)
			if next == nil {
				next = at.CreateElement(local)
				next.CreateAttr("xmlns", c.Namespace)
			}
			at = next
		}
		at.SetText(said.text)
	}
	return soap.NewFault(class, message, holder.ChildElements()...)
}

// authenticate asks for the account, by HTTP Basic or in the security header.
func (s *Service) authenticate() func(*soap.Request) error {
	account := s.cfg.Account
	if account == (ines.Credentials{}) {
		return nil
	}
	verifier := &soap.TokenVerifier{
		Password: func(username string) (string, bool) { return account.Password, username == account.Username },
		Now:      s.Now,
	}
	return func(r *soap.Request) error {
		if username, password, ok := r.HTTP.BasicAuth(); ok {
			if equal(username, account.Username) && equal(password, account.Password) {
				return nil
			}
			return s.fault("Client", "INVENTE-DROIT", "wrong credentials")
		}
		_, err := verifier.Verify(r.Envelope)
		return err
	}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
