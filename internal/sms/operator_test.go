package sms_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// operator is a mobile operator that speaks as much SMPP 3.4 as Kannel needs: bind, submit, deliver, keep alive.
type operator struct {
	*handsets
	listener net.Listener
	done     sync.WaitGroup

	write1 sync.Mutex // one PDU at a time
	conn   net.Conn
	next   uint32
	ids    int
	parts  map[string][]string // segments of long texts by their number and reference
	mutex  sync.Mutex
}

// Commands of SMPP. An answer has the highest bit.
const (
	smppSubmit      = 0x04
	smppDeliver     = 0x05
	smppUnbind      = 0x06
	smppTransceiver = 0x09
	smppEnquire     = 0x15
	smppAnswer      = 0x80000000
)

const (
	smppReceipt = 0x04 // esm_class: this is a delivery receipt
	smppHeader  = 0x40 // esm_class: the text begins with a header
	smppWide    = 8    // data_coding: UCS-2
)

func startOperator(t *testing.T, phones *handsets) *operator {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	o := &operator{handsets: phones, listener: listener, parts: map[string][]string{}}
	o.done.Go(o.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		o.write1.Lock()
		if o.conn != nil {
			_ = o.conn.Close()
		}
		o.write1.Unlock()
		o.done.Wait()
	})
	return o
}

func (o *operator) port() int { return o.listener.Addr().(*net.TCPAddr).Port }

func (o *operator) accept() {
	for {
		conn, err := o.listener.Accept()
		if err != nil {
			return
		}
		o.write1.Lock()
		o.conn = conn
		o.write1.Unlock()
		o.done.Go(func() { o.serve(conn) })
	}
}

func (o *operator) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		var head [16]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head[:])
		command, sequence := binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[12:])
		if length < 16 || length > 64<<10 {
			return
		}
		body := make([]byte, length-16)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		switch command {
		case smppTransceiver:
			o.send(command|smppAnswer, sequence, []byte("operator\x00"))
		case smppSubmit:
			o.submit(sequence, body)
		case smppEnquire, smppUnbind:
			o.send(command|smppAnswer, sequence, nil)
		}
	}
}

func (o *operator) send(command, sequence uint32, body []byte) {
	o.write1.Lock()
	defer o.write1.Unlock()
	if sequence == 0 {
		o.next++
		sequence = o.next
	}
	var head [16]byte
	binary.BigEndian.PutUint32(head[:], uint32(16+len(body)))
	binary.BigEndian.PutUint32(head[4:], command)
	binary.BigEndian.PutUint32(head[12:], sequence)
	if o.conn != nil {
		_, _ = o.conn.Write(append(head[:], body...))
	}
}

// submit takes a segment. The phone gets the text when all of its segments are there; the receipt is for the first one,
// for which alone Kannel asks.
func (o *operator) submit(sequence uint32, body []byte) {
	r := bytes.NewBuffer(body)
	text := func() string { s, _ := r.ReadString(0); return strings.TrimSuffix(s, "\x00") }
	octet := func() byte { b, _ := r.ReadByte(); return b }
	_ = text() // service_type
	octet()    // source: type of number, plan, address
	octet()
	from := text()
	toType := octet()
	octet()
	to := text()
	if toType == 1 {
		to = "+" + to
	}
	class := octet()
	octet() // protocol
	octet() // priority
	_ = text()
	_ = text()
	wantsReceipt := octet()&1 != 0
	octet() // replace
	coding := octet()
	octet() // a text of the operator's own
	message := r.Next(int(octet()))

	o.mutex.Lock()
	o.ids++
	id := fmt.Sprintf("op%d", o.ids)
	whole, complete := o.join(to, class, coding, message)
	o.mutex.Unlock()
	o.send(smppSubmit|smppAnswer, sequence, []byte(id+"\x00"))
	if !complete.last {
		if complete.first {
			o.mutex.Lock()
			o.parts["id "+to] = []string{id}
			o.mutex.Unlock()
		}
		return
	}
	o.mutex.Lock()
	if first := o.parts["id "+to]; len(first) == 1 {
		id, wantsReceipt = first[0], true
		delete(o.parts, "id "+to)
	}
	o.mutex.Unlock()
	c := &carried{id: id, to: to, text: whole}
	if wantsReceipt {
		c.report = func(c *carried) { o.receipt(c, from) }
	}
	o.carry(c)
}

// place is where a segment stands among those of its text.
type place struct{ first, last bool }

// join puts a segment to the others of its text; the lock is held.
func (o *operator) join(to string, class, coding byte, message []byte) (string, place) {
	if class&smppHeader == 0 {
		return decode(coding, message), place{first: true, last: true}
	}
	header, rest := message[1:1+message[0]], message[1+message[0]:]
	reference, total, number := header[2], int(header[3]), int(header[4])
	key := fmt.Sprintf("%s %d", to, reference)
	if o.parts[key] == nil {
		o.parts[key] = make([]string, total)
	}
	o.parts[key][number-1] = string(rest)
	p := place{first: number == 1, last: !slices.Contains(o.parts[key], "")}
	if !p.last {
		return "", p
	}
	whole := strings.Join(o.parts[key], "")
	delete(o.parts, key)
	return decode(coding, []byte(whole)), p
}

// gsmTable is GSM 03.38 in the order of its codes, told a second time; gsmEscaped what follows an escape.
var (
	gsmTable = []rune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
	gsmEscaped = map[byte]rune{0x0a: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2f: '\\', 0x3c: '[', 0x3d: '~', 0x3e: ']', 0x40: '|', 0x65: '€'}
)

func decode(coding byte, raw []byte) string {
	if coding == smppWide {
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(raw[2*i:])
		}
		return string(utf16.Decode(units))
	}
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == 0x1b && i+1 < len(raw) {
			i++
			out.WriteRune(gsmEscaped[raw[i]])
			continue
		}
		out.WriteRune(gsmTable[raw[i]&0x7f])
	}
	return out.String()
}

// encode is the opposite of decode.
func encode(text string) (coding byte, raw []byte) {
	if alphabet, _ := gateway.SplitSMS(text); alphabet == gateway.SMSUCS2 {
		for _, unit := range utf16.Encode([]rune(text)) {
			raw = binary.BigEndian.AppendUint16(raw, unit)
		}
		return smppWide, raw
	}
	for _, r := range text {
		if i := slices.Index(gsmTable, r); i >= 0 {
			raw = append(raw, byte(i))
			continue
		}
		for code, escaped := range gsmEscaped {
			if escaped == r {
				raw = append(raw, 0x1b, code)
			}
		}
	}
	return 0, raw
}

var smppFates = map[fate]string{delivered: "DELIVRD", undelivered: "UNDELIV", expired: "EXPIRED"}

// receipt tells Kannel what became of an SMS, in the words that SMPP suggests: with the beginning of the text.
func (o *operator) receipt(c *carried, from string) {
	got, _ := o.find(c.id)
	quoted := got.text[:min(len(got.text), 20)]
	at := time.Now().Format("0601021504")
	text := fmt.Sprintf("id:%s sub:001 dlvrd:001 submit date:%s done date:%s stat:%s err:000 text:%s", got.id, at, at, smppFates[got.fate], quoted)
	o.deliver(got.to, from, smppReceipt, 0, []byte(text))
}

// write is a person who writes an SMS.
func (o *operator) write(_ *testing.T, from, to, text string) {
	coding, raw := encode(text)
	o.deliver(from, to, 0, coding, raw)
}

func (o *operator) deliver(from, to string, class, coding byte, text []byte) {
	var b bytes.Buffer
	b.WriteString("\x00\x01\x01" + strings.TrimPrefix(from, "+") + "\x00")
	b.WriteString("\x00\x01" + to + "\x00")
	b.Write([]byte{class, 0, 0, 0, 0, 0, 0, coding, 0, byte(len(text))})
	b.Write(text)
	o.send(smppDeliver, 0, b.Bytes())
}
