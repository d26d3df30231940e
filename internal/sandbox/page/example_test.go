package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"herald/internal/sandbox/page"
)

// The page answers at the root and at the connect link of every bot.
func ExampleHandler() {
	server := httptest.NewServer(page.Handler())
	defer server.Close()

	for _, path := range []string{"/", "/acme_bot?start=payload", "/favicon.ico"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = response.Body.Close()
		fmt.Println(path, response.StatusCode)
	}
	// Output:
	// / 200
	// /acme_bot?start=payload 200
	// /favicon.ico 404
}
