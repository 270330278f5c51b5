package router

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/passerelle-sup/passerelle/transport"
)

// maxPages bounds the walk of a list.
const maxPages = 100_000

// pages walks a list to its end. The length of a page says nothing: one router was
// observed to give at most ten rows whatever is asked. A page that says so, holds
// nothing, or is the last by its own numbers ends the walk.
func pages[T any](ctx context.Context, c *Client, operation, address string, r ListRequest) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for number := range int64(maxPages) {
			query := url.Values{"page": {strconv.FormatInt(number, 10)}, "size": {strconv.Itoa(c.config.PageSize)}}
			if r.Sort != "" {
				query.Set("sort", r.Sort)
			}
			if r.Sort != "" || r.Desc {
				query.Set("direction", map[bool]string{false: "ASC", true: "DESC"}[r.Desc])
			}
			if r.Search != "" {
				query.Set("search", r.Search)
			}
			k := call{operation: operation, method: http.MethodGet, url: address + "?" + query.Encode(), class: transport.Read, as: r.As}
			resp, err := c.do(ctx, k)
			if err != nil {
				yield(zero, err)
				return
			}
			var page Page[T]
			err = json.Unmarshal(resp.Body, &page)
			if err != nil || page.Page != nil && page.Page.Number != number {
				yield(zero, misunderstood(operation, resp)) // the same page again and again has no end
				return
			}
			for _, row := range page.Content {
				if !yield(row, nil) {
					return
				}
			}
			if page.Empty || len(page.Content) == 0 || page.Page != nil && number+1 >= page.Page.TotalPages {
				return
			}
		}
	}
}
