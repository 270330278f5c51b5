package ewptest

import (
	"net/http"

	"github.com/passerelle-sup/passerelle/ewp"
)

// fileSuite has steps of ours: the validator has none for files. What they expect is in
// ewp-specs-api-file 1.0.0 and in the general rules of the architecture. They need the
// parameter "file_id", of a file that the participant may fetch.
var fileSuite = suite{api: ewp.File, anonymous: anonymityUseless, ours: true, steps: (*session).file}

func (s *session) file(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if err := s.wrongMethod(c.by(method)); err != nil {
			return err
		}
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	if err := s.probe(c,
		refuse("no file_id", 400, nil),
		refuse("wrong name of the parameter", 400, params{"file_id_param", FakeID}),
	); err != nil {
		return err
	}
	if err := s.step(c, "unknown file_id", "4xx", func() error { return s.noFile(c, FakeID) }); err != nil {
		return err
	}
	return s.knownFile(c)
}

// knownFile has the steps that need a file.
func (s *session) knownFile(c Combination) error {
	id := s.value("file_id")
	if id == "" {
		for _, name := range []string{"known file_id", "file_id twice", "known file_id as another participant"} {
			s.skip(c, name, "", "no file_id is given in Values")
		}
		return nil
	}
	if err := s.step(c, "known file_id", "200, the bytes and their type", func() error { return s.aFile(c, id) }); err != nil {
		return err
	}
	if err := s.probe(c, refuse("file_id twice", 400, params{"file_id", id, "file_id", id})); err != nil {
		return err
	}
	const name, expect = "known file_id as another participant", "4xx"
	done, err := s.asOther(func() error {
		return s.step(c, name, expect, func() error { return s.noFile(c, id) })
	})
	if !done {
		s.skip(c, name, expect, noOther)
	}
	return err
}

// get fetches a file, and opens what comes.
func (s *session) get(c Combination, id string) (*answer, []string, error) {
	k, err := s.call(c, params{"file_id", id})
	if err != nil {
		return nil, nil, err
	}
	if err := s.sign(k); err != nil {
		return nil, nil, err
	}
	a, err := s.send(k)
	if err != nil {
		return nil, nil, err
	}
	notices, err := s.open(k, a, c)
	return a, notices, err
}

func (s *session) aFile(c Combination, id string) error {
	a, notices, err := s.get(c, id)
	switch {
	case err != nil:
		return err
	case a.status != http.StatusOK:
		return failure("status %d came, and 200 is expected%s", a.status, inTheirWords(a))
	case len(a.body) == 0:
		return warning("the file is empty")
	case a.header.Get("Content-Type") == "":
		notices = append(notices, "there is no Content-Type, or it is not signed")
	}
	return noticed(notices)
}

func (s *session) noFile(c Combination, id string) error {
	a, notices, err := s.get(c, id)
	switch {
	case err != nil:
		return err
	case a.status/100 != 4:
		return failure("status %d came, and one of 4xx is expected", a.status)
	}
	return s.judgeError(a, notices, []int{a.status})
}
