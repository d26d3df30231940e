package client

import (
	"bufio"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
)

// maxLine bounds one line of an answer that comes line by line, in bytes: of a backtest, a message and what two files answer
// to it.
const maxLine = 1 << 20

// lines hands out an answer line by line, while it is made. It is asked once: who tells while it works may have done a part.
func lines[T any](do func() (*http.Response, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		response, err := opened(do)
		if err != nil {
			yield(none, err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		scanner := bufio.NewScanner(response.Body)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			line, err := parsed[T](response, scanner.Bytes())
			if !yield(line, err) || err != nil {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield(none, fmt.Errorf("herald: read answer: %w", err))
		}
	}
}

// parsed reads a line. One that tells why the answer broke off is an error.
func parsed[T any](response *http.Response, text []byte) (line T, err error) {
	var broken struct {
		Error *struct {
			Code   string `json:"code"`
			Detail string `json:"detail"`
		} `json:"error"`
	}
	if err := json.Unmarshal(text, &broken); err != nil {
		return line, fmt.Errorf("herald: read answer: %w", err)
	}
	if broken.Error != nil {
		return line, &Error{Status: response.StatusCode, Code: broken.Error.Code, Detail: broken.Error.Detail, RequestID: response.Header.Get("X-Request-Id")}
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return line, fmt.Errorf("herald: read answer: %w", err)
	}
	return line, nil
}

// opened makes a call whose answer is read by the caller, unless it is a refusal.
func opened(do func() (*http.Response, error)) (*http.Response, error) {
	response, err := do()
	if err != nil {
		return nil, fmt.Errorf("herald: call: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		_, err := once(func() (*http.Response, error) { return response, nil })
		return nil, err
	}
	return response, nil
}
