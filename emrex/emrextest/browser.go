package emrextest

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/passerelle-sup/passerelle/emrex"
)

// Browser carries forms, as a student's browser does. The zero value uses
// http.DefaultClient.
type Browser struct{ HTTP *http.Client }

// maxPage bounds a page.
const maxPage = 512 << 20

var (
	formTag  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	inputTag = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// Post posts a form and returns the answer's body.
func (b Browser) Post(ctx context.Context, f emrex.Form) (status int, body string, err error) {
	values := url.Values{}
	for _, field := range f.Fields {
		values.Add(field.Name, field.Value)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Action, strings.NewReader(values.Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := b.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	return resp.StatusCode, string(data), err
}

// Follow posts a form to a contact point and returns the form on the page that
// comes back, which is to be posted to the client.
func (b Browser) Follow(ctx context.Context, f emrex.Form) (emrex.Form, error) {
	status, page, err := b.Post(ctx, f)
	if err != nil {
		return emrex.Form{}, err
	}
	action := formTag.FindStringSubmatch(page)
	if status != http.StatusOK || action == nil {
		return emrex.Form{}, fmt.Errorf("emrextest: status %d, and no form on the page", status)
	}
	back := emrex.Form{Action: html.UnescapeString(action[1])}
	for _, m := range inputTag.FindAllStringSubmatch(page, -1) {
		back.Fields = append(back.Fields, emrex.Field{Name: html.UnescapeString(m[1]), Value: html.UnescapeString(m[2])})
	}
	return back, nil
}

// Request returns a form as the request that the client's handler gets.
func (b Browser) Request(ctx context.Context, f emrex.Form) (*http.Request, error) {
	values := url.Values{}
	for _, field := range f.Fields {
		values.Add(field.Name, field.Value)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Action, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r, nil
}
