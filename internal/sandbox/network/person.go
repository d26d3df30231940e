package network

import (
	"regexp"
	"sort"
	"strings"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/wire"
)

// person is one account of the network; the lock of the network guards it.
type person struct {
	id       PersonID
	first    string
	last     string
	username string
	phone    string // E.164 with +, empty when unknown
	language string
	deleted  bool
	dialogs  map[BotID]*dialog
	groups   map[ChatID]*group
}

// dialog is the private chat of one bot with one person.
type dialog struct {
	bot      *bot
	person   *person
	started  bool
	blocked  bool
	instance string // chat_instance of callback queries
	keyboard *wire.Message
	unread   int
	action   string // what the bot is doing, as sendChatAction said
	actionAt int64  // Unix seconds
	history  history
}

// Person is what the sandbox tells about a person.
type Person struct {
	ID        PersonID `json:"id"`
	FirstName string   `json:"first_name"`
	LastName  string   `json:"last_name,omitempty"`
	Username  string   `json:"username,omitempty"`
	Phone     string   `json:"phone,omitempty"`
	Language  string   `json:"language,omitempty"`
	Deleted   bool     `json:"deleted,omitempty"`
}

// PersonChange sets the given fields of a person; nil leaves a field as it is.
type PersonChange struct {
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	Username  *string `json:"username"`
	Phone     *string `json:"phone"`
	Language  *string `json:"language"`
}

var (
	phoneForm    = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)
	usernameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{3,31}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$`)
)

// NormalPhone strips the signs that people write into numbers and returns +digits, or false when it is no number.
func NormalPhone(raw string) (string, bool) {
	s := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().", r) {
			return -1
		}
		return r
	}, raw)
	if s != "" && s[0] != '+' {
		s = "+" + s
	}
	return s, phoneForm.MatchString(s)
}

// CreatePerson adds a person.
func (n *Network) CreatePerson(c PersonChange) (Person, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.people) >= n.bounds.People {
		return Person{}, problem(Full, "person:too_many", "the network holds %d people, its limit", n.bounds.People)
	}
	if c.FirstName == nil {
		return Person{}, problem(Invalid, "person:first_name", "first_name is missing")
	}
	p := &person{id: n.next.Person, dialogs: map[BotID]*dialog{}, groups: map[ChatID]*group{}}
	if err := n.applyPerson(p, c); err != nil {
		return Person{}, err
	}
	n.next.Person++
	n.people[p.id] = p
	n.changed(Change{Kind: ChangePerson, Person: p.id})
	return p.view(), nil
}

// UpdatePerson changes a person. A phone that another person has moves to this one: numbers change hands.
func (n *Network) UpdatePerson(id PersonID, c PersonChange) (Person, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, err := n.person(id)
	if err != nil {
		return Person{}, err
	}
	if err := n.applyPerson(p, c); err != nil {
		return Person{}, err
	}
	n.changed(Change{Kind: ChangePerson, Person: id})
	return p.view(), nil
}

// applyPerson checks all of c first and changes p only when all of it is right.
func (n *Network) applyPerson(p *person, c PersonChange) error {
	if c.FirstName != nil && (strings.TrimSpace(*c.FirstName) == "" || markup.Len16(*c.FirstName) > 64) {
		return problem(Invalid, "person:first_name", "first_name must have 1 to 64 characters")
	}
	if c.LastName != nil && markup.Len16(*c.LastName) > 64 {
		return problem(Invalid, "person:last_name", "last_name must have at most 64 characters")
	}
	name := ""
	if c.Username != nil {
		if name = strings.TrimPrefix(*c.Username, "@"); name != "" {
			if !usernameForm.MatchString(name) {
				return problem(Invalid, "person:username", "username must be 4 to 32 of letters, digits and _ and begin with a letter")
			}
			if owner, taken := n.names[strings.ToLower(name)]; taken && owner != any(p) {
				return problem(Conflict, "person:username_taken", "the username @%s is taken", name)
			}
		}
	}
	phone := ""
	if c.Phone != nil && *c.Phone != "" {
		var ok bool
		if phone, ok = NormalPhone(*c.Phone); !ok {
			return problem(Invalid, "person:phone", "phone must be a number in the international form, for example +380501234567")
		}
	}
	if c.Language != nil && *c.Language != "" && !languageForm.MatchString(*c.Language) {
		return problem(Invalid, "person:language", "language must be a language tag such as uk or pt-br")
	}

	set := func(field, value *string) {
		if value != nil {
			*field = strings.TrimSpace(*value)
		}
	}
	set(&p.first, c.FirstName)
	set(&p.last, c.LastName)
	set(&p.language, c.Language)
	if c.Username != nil {
		delete(n.names, strings.ToLower(p.username))
		if p.username = name; name != "" {
			n.names[strings.ToLower(name)] = p
		}
	}
	if c.Phone != nil {
		n.dropPhone(p)
		if phone != "" {
			if before, taken := n.phones[phone]; taken {
				n.people[before].phone = ""
				n.changed(Change{Kind: ChangePerson, Person: before})
			}
			p.phone = phone
			n.phones[phone] = p.id
		}
	}
	return nil
}

// dropPhone takes the number away from p.
func (n *Network) dropPhone(p *person) {
	if p.phone != "" && n.phones[p.phone] == p.id {
		delete(n.phones, p.phone)
	}
	p.phone = ""
}

// DeletePerson deletes the account: bots get "user is deactivated" from now on. The person stays visible as deleted.
func (n *Network) DeletePerson(id PersonID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, err := n.person(id)
	if err != nil {
		return err
	}
	delete(n.names, strings.ToLower(p.username))
	n.dropPhone(p)
	p.deleted, p.username, p.last, p.first = true, "", "", "Deleted Account"
	for _, g := range p.groups {
		delete(g.people, p.id)
	}
	p.groups = map[ChatID]*group{}
	n.changed(Change{Kind: ChangePerson, Person: id})
	return nil
}

// Person returns one person.
func (n *Network) Person(id PersonID) (Person, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.people[id]
	if p == nil {
		return Person{}, noPerson(id)
	}
	return p.view(), nil
}

// People returns at most limit people whose id is greater than after, ordered by id.
func (n *Network) People(after PersonID, limit int) []Person {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []Person{}
	for id := max(after+1, firstPerson); id < n.next.Person && len(out) < limit; id++ {
		if p := n.people[id]; p != nil {
			out = append(out, p.view())
		}
	}
	return out
}

// PersonByPhone returns the person who has the number.
func (n *Network) PersonByPhone(phone string) (Person, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id, ok := n.phones[phone]
	if !ok {
		return Person{}, false
	}
	return n.people[id].view(), true
}

// Phones returns the numbers that people have, ordered, at most limit.
func (n *Network) Phones(limit int) map[string]PersonID {
	n.mu.Lock()
	defer n.mu.Unlock()
	numbers := make([]string, 0, len(n.phones))
	for phone := range n.phones {
		numbers = append(numbers, phone)
	}
	sort.Strings(numbers)
	out := map[string]PersonID{}
	for _, phone := range numbers[:min(limit, len(numbers))] {
		out[phone] = n.phones[phone]
	}
	return out
}

// person returns a living person; the lock is held.
func (n *Network) person(id PersonID) (*person, error) {
	p := n.people[id]
	if p == nil {
		return nil, noPerson(id)
	}
	if p.deleted {
		return nil, problem(Conflict, "person:deleted", "the account of person %d is deleted", id)
	}
	return p, nil
}

func noPerson(id PersonID) error {
	return problem(NotFound, "person:not_found", "there is no person %d", id)
}

func (p *person) view() Person {
	return Person{
		ID: p.id, FirstName: p.first, LastName: p.last, Username: p.username, Phone: p.phone, Language: p.language,
		Deleted: p.deleted,
	}
}

// user is the person as a message carries it.
func (p *person) user() wire.User {
	return wire.User{
		ID: int64(p.id), FirstName: p.first, LastName: p.last, Username: p.username, LanguageCode: p.language,
	}
}

// chat is the private chat with the person as a bot sees it.
func (p *person) chat() wire.Chat {
	return wire.Chat{
		ID: int64(p.id), Type: wire.ChatPrivate, FirstName: p.first, LastName: p.last, Username: p.username,
	}
}
