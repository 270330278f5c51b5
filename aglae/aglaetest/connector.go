package aglaetest

import (
	"context"
	"crypto/subtle"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/internal/soap"
)

// connector returns the SOAP side: strict about what it is sent, so that a client that
// departs from the contract is found out.
func (s *Service) connector() http.Handler {
	c := s.cfg.Contract
	server := &soap.Server{Charset: c.Charset, Check: s.authenticate(), Understood: []xml.Name{soap.Security}}
	if c.Namespace == aglae.ReferenceNamespace {
		server.WSDL = aglae.ReferenceWSDL()
	}
	server.Handle(c.Namespace, c.Request, func(ctx context.Context, r *soap.Request) (*etree.Element, error) {
		if r.Version.String() != c.SOAP {
			return nil, soap.NewFault("VersionMismatch", "want SOAP "+c.SOAP)
		}
		if r.Action != c.Action {
			return nil, s.fault("Client", "INVENTE-FORME", "want the action "+c.Action)
		}
		q, err := s.codec.DecodeQuestion(r.Body)
		if err != nil {
			return nil, s.fault("Client", "INVENTE-FORME", err.Error())
		}
		words := "erreur interne : " + q.INE.String() // as careless services say
		switch faultOf(ctx) {
		case ServerFault:
			return nil, s.fault("Server", "", words)
		case ClientFault:
			return nil, s.fault("Client", "INVENTE-NUMERO", words)
		}
		el, err := s.codec.EncodeAnswer(s.verdict(q), "", "")
		if err != nil {
			return nil, err
		}
		s.distort(el, faultOf(ctx), words)
		return el, nil
	})
	return server
}

// distort makes an answer that no contract has.
func (s *Service) distort(el *etree.Element, f Fault, words string) {
	verdict := func() *etree.Element {
		at := el
		for local := range strings.SplitSeq(s.cfg.Contract.Verdict, "/") {
			at = at.SelectElement(local)
		}
		return at
	}
	switch f {
	case UnknownWord:
		verdict().SetText("NON-BOURSIER")
	case PersonalWord:
		verdict().SetText(words)
	case NoWord:
		verdict().SetText("")
	case NoVerdict:
		at := verdict()
		at.Parent().RemoveChild(at)
	case TwoVerdicts:
		at := verdict()
		at.Parent().AddChild(at.Copy())
	case OtherElement:
		el.Tag = "autreReponse"
	}
}

// fault builds a fault of SOAP's own code, with the service's code and words where the
// contract has them.
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
	if account == (aglae.Credentials{}) {
		return nil
	}
	verifier := &soap.TokenVerifier{
		Password: func(username string) (string, bool) { return account.Password, username == account.Username },
		Now:      s.cfg.Now,
	}
	return func(r *soap.Request) error {
		if _, _, ok := r.HTTP.BasicAuth(); ok {
			if s.allowed(r.HTTP) {
				return nil
			}
			return s.fault("Client", "INVENTE-DROIT", "wrong credentials")
		}
		_, err := verifier.Verify(r.Envelope)
		return err
	}
}

// allowed checks the credentials of HTTP Basic.
func (s *Service) allowed(r *http.Request) bool {
	account := s.cfg.Account
	if account == (aglae.Credentials{}) {
		return true
	}
	username, password, ok := r.BasicAuth()
	return ok && equal(username, account.Username) && equal(password, account.Password)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
