package sms_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"herald/internal/gateway"
	"herald/internal/sms"
)

// smscPeer speaks SMSC's published HTTP protocol.
type smscPeer struct {
	*handsets
	*httptest.Server
	callback string
	replies  atomic.Int32
}

func startSMSC(t *testing.T, callback string) peer {
	p := &smscPeer{handsets: newHandsets(t), callback: callback}
	mux := http.NewServeMux()
	mux.HandleFunc("/sys/send.php", p.send)
	mux.HandleFunc("/sys/status.php", p.status)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *smscPeer) config() sms.ProviderConfig {
	return sms.ProviderConfig{
		Kind: sms.KindSMSC, URL: p.URL, Login: "acme", Password: "p+w & ä", Sender: "ACME", CallbackSecret: secret,
	}
}

func (p *smscPeer) repeats() {}

// login answers like SMSC where the login is wrong. Errors come with 200.
func (p *smscPeer) login(w http.ResponseWriter, r *http.Request) bool {
	if r.FormValue("login") == "acme" && r.FormValue("psw") == "p+w & ä" && r.FormValue("fmt") == "3" && r.FormValue("charset") == "utf-8" {
		return true
	}
	write(w, map[string]any{"error": "authorise error", "error_code": 2})
	return false
}

func write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (p *smscPeer) send(w http.ResponseWriter, r *http.Request) {
	if !p.login(w, r) {
		return
	}
	to, id := r.FormValue("phones"), r.FormValue("id")
	if strings.Trim(to, "+0123456789") != "" {
		write(w, map[string]any{"error": "invalid number", "error_code": 7, "id": id})
		return
	}
	text := strings.ReplaceAll(r.FormValue("mes"), "\r\n", "\n")
	p.carry(&carried{id: id, to: to, text: text, report: p.report})
	write(w, map[string]any{"id": id, "cnt": gateway.SMSSegments(text)})
}

var smscFates = map[fate]int{waiting: 0, delivered: 1, expired: 3, undelivered: 20}

func (p *smscPeer) report(c *carried) {
	got, _ := p.find(c.id)
	number, status := strings.TrimPrefix(got.to, "+"), strconv.Itoa(smscFates[got.fate])
	signature := md5.Sum([]byte(got.id + ":" + number + ":" + status + ":" + secret.Reveal()))
	p.insist(p.callback, nil, url.Values{
		"id": {got.id}, "phone": {number}, "status": {status}, "time": {"01.02.2026 10:00:00"}, "ts": {strconv.FormatInt(time.Now().Unix(), 10)},
		"err": {"0"}, "cnt": {"1"}, "type": {"0"}, "md5": {hex.EncodeToString(signature[:])},
	})
}

func (p *smscPeer) status(w http.ResponseWriter, r *http.Request) {
	if !p.login(w, r) {
		return
	}
	ids, phones := strings.Split(r.FormValue("id"), ","), strings.Split(r.FormValue("phone"), ",")
	if len(ids) < 2 || ids[len(ids)-1] != "" || len(ids) != len(phones) {
		write(w, map[string]any{"error": "parameters error", "error_code": 1})
		return
	}
	var rows []map[string]any
	for i, id := range ids[:len(ids)-1] {
		row := map[string]any{"id": id, "phone": phones[i], "status": -3, "err": 0}
		if got, ok := p.find(id); ok && got.to == phones[i] {
			row["status"], row["last_timestamp"] = smscFates[got.fate], time.Now().Unix()
		}
		rows = append(rows, row)
	}
	write(w, rows)
}

// write posts what a person wrote; in windows-1251 where the text allows it, as SMSC does by default.
func (p *smscPeer) write(_ *testing.T, from, to, text string) {
	if narrow, err := charmap.Windows1251.NewEncoder().String(text); err == nil {
		text = narrow
	}
	p.insist(sms.ReplyURL(p.callback, secret), nil, url.Values{
		"id": {fmt.Sprint(p.replies.Add(1))}, "phone": {strings.TrimPrefix(from, "+")}, "mes": {text}, "to": {to},
		"ts": {strconv.FormatInt(time.Now().Unix(), 10)},
	})
}
