package link

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is who opens a link.
type Kind string

// The kinds of clients.
const (
	Person  Kind = "person"        // a browser with somebody in front: it also sends the page's form
	Preview Kind = "preview_robot" // Telegram, which makes a preview
	Scanner Kind = "scanner"       // a mail or safety scanner that poses as a browser
)

// The user agents of the clients.
const (
	previewAgent = "TelegramBot (like TwitterBot)"
	browserAgent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)

const (
	timeout   = 10 * time.Second
	maxBody   = 256 << 10 // bytes read of a page
	excerpt   = 2 << 10   // bytes of a page that are reported
	robots    = 4         // previews that are fetched at the same time
	maxQueued = 1000      // previews that wait; more are dropped, as previews are a courtesy
)

// ErrForbidden says that the address is neither loopback nor named in the configuration.
var ErrForbidden = errors.New("the sandbox opens loopback addresses and configured hosts only")

// Result is what the client got.
type Result struct {
	Status   int    `json:"status"`
	Location string `json:"location,omitempty"`
	Body     string `json:"body_excerpt"`
	// Confirmed says that a form of the page was sent; Status, Location and Body are those of its answer then.
	Confirmed bool `json:"confirmed"`
}

// Robot opens links. Close ends its background work.
type Robot struct {
	client *http.Client
	queue  chan string
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// New returns a robot that may open loopback addresses and the given host names.
func New(hosts []string) *Robot {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Robot{client: Client(hosts), queue: make(chan string, maxQueued), stop: cancel}
	for range robots {
		r.done.Go(func() { r.work(ctx) })
	}
	return r
}

// Client returns an HTTP client that connects to loopback addresses and the given host names only, and follows no
// redirects.
func Client(hosts []string) *http.Client {
	dialer := &net.Dialer{Timeout: timeout}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dial(ctx, dialer, hosts, network, address)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial connects only where the configuration allows it; the address is checked after the name was resolved.
func dial(ctx context.Context, dialer *net.Dialer, hosts []string, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("split address: %w", err)
	}
	if slices.Contains(hosts, host) {
		return dialer.DialContext(ctx, network, address)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve host: %w", err)
	}
	for _, ip := range found {
		if ip.Unmap().IsLoopback() {
			return dialer.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		}
	}
	return nil, ErrForbidden
}

// Queue lets the preview robot open a link soon. It never waits.
func (r *Robot) Queue(address string) {
	select {
	case r.queue <- address:
	default:
	}
}

// Close ends the robot and waits for it.
func (r *Robot) Close() {
	r.stop()
	r.done.Wait()
	r.client.CloseIdleConnections()
}

func (r *Robot) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case address := <-r.queue:
			_, _ = r.Open(ctx, address, Preview) // a preview that cannot be made is no error
		}
	}
}

// Open opens a link as the given kind of client and reports the first answer that is shown: redirects are not followed,
// their target is the Location. A person also presses the button of the page's form.
func (r *Robot) Open(ctx context.Context, address string, as Kind) (Result, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return Result{}, fmt.Errorf("the link must be an http or https address")
	}
	agent := browserAgent
	if as == Preview {
		agent = previewAgent
	}
	if as == Scanner {
		if _, _, err := r.fetch(ctx, http.MethodHead, u.String(), agent, ""); err != nil {
			return Result{}, err
		}
	}
	result, page, err := r.fetch(ctx, http.MethodGet, u.String(), agent, "")
	if err != nil || as != Person {
		return result, err
	}
	action, fields, found := findForm(page)
	if !found {
		return result, nil
	}
	target, err := u.Parse(action)
	if err != nil {
		return result, nil
	}
	result, _, err = r.fetch(ctx, http.MethodPost, target.String(), agent, fields.Encode())
	result.Confirmed = err == nil
	return result, err
}

// Download gets a file of at most limit bytes, and what its server says that it is.
func (r *Robot) Download(ctx context.Context, address string, limit int64) (body []byte, kind string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, "", fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", previewAgent)
	response, err := r.client.Do(request)
	if err != nil {
		return nil, "", fmt.Errorf("get file: %w", err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("read file: %w", err)
	case response.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("get file: the server answers %d", response.StatusCode)
	case int64(len(body)) > limit:
		return nil, "", fmt.Errorf("read file: it has over %d bytes", limit)
	}
	return body, response.Header.Get("Content-Type"), nil
}

func (r *Robot) fetch(ctx context.Context, method, address, agent, form string) (Result, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return Result{}, "", fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", agent)
	request.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", request.URL.Scheme+"://"+request.URL.Host)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return Result{}, "", fmt.Errorf("open link: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Result{}, "", fmt.Errorf("read page: %w", err)
	}
	page := strings.ToValidUTF8(string(body), "")
	return Result{
		Status: response.StatusCode, Location: response.Header.Get("Location"), Body: page[:min(len(page), excerpt)],
	}, page, nil
}

var (
	formTag   = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	fieldTag  = regexp.MustCompile(`(?is)<(?:input|button)\b([^>]*)>`)
	attribute = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))`)
)

// findForm returns the target and the fields of the first form that posts.
func findForm(page string) (action string, fields url.Values, found bool) {
	for _, form := range formTag.FindAllStringSubmatch(page, 16) {
		attributes := readAttributes(form[1])
		if !strings.EqualFold(attributes["method"], "post") {
			continue
		}
		fields = url.Values{}
		for _, field := range fieldTag.FindAllStringSubmatch(form[2], 64) {
			if a := readAttributes(field[1]); a["name"] != "" {
				fields.Set(a["name"], a["value"])
			}
		}
		return attributes["action"], fields, true
	}
	return "", nil, false
}

func readAttributes(raw string) map[string]string {
	out := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(raw, 64) {
		out[strings.ToLower(a[1])] = html.UnescapeString(a[2] + a[3] + a[4])
	}
	return out
}
