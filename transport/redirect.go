package transport

import "net/http"

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 5

// checkRedirect is called by net/http before it follows a redirect. What is not
// followed ends the call with a RedirectError. Only a Read by GET or HEAD that
// carries no credentials is followed, and only on its own host: another one was
// not chosen by the caller and would see the identifiers in the URL.
func (k *call) checkRedirect(next *http.Request, via []*http.Request) error {
	reason := ""
	switch method := k.from.method; {
	case k.req.credentials():
		reason = "the request carries credentials"
	case k.req.Class != Read:
		reason = "the request is not a read"
	case method != http.MethodGet && method != http.MethodHead:
		reason = "the request is not a GET"
	case next.URL.Scheme != "https" && (next.URL.Scheme != "http" || via[len(via)-1].URL.Scheme == "https"):
		reason = "the connection would not be protected any more"
	case next.URL.Hostname() != k.url.Hostname():
		reason = "it is another host"
	case len(via) > maxRedirects:
		reason = "too many in a row"
	}
	if reason != "" {
		k.last.redirect = &RedirectError{Target: next.URL.Scheme + "://" + next.URL.Host, Reason: reason}
		return http.ErrUseLastResponse
	}
	next.Header.Del("Referer") // net/http puts the whole URL there
	k.hops++
	return nil
}
