package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// change is one person as an import makes them.
type change struct {
	person  gateway.ImportedPerson
	row     dbsqlc.Subscriber // as it shall be
	known   bool
	differs bool // the row is not what the database has

	tags   []string
	fields gateway.Fields
	state  bool // tags or fields are not what the database has

	index     []byte    // of the phone that they bring
	claims    bool      // and none that they have was proved later
	elsewhere time.Time // when somebody else proved it later
	late      time.Time // or when they proved another one later, or did not prove theirs anew: then it counts no more, either
}

// change decides what becomes of a person. Nothing becomes of one whose row is refused.
func (w *importWriter) change(p gateway.ImportedPerson, known *dbsqlc.KnownPeopleRow) (*change, error) {
	c := &change{person: p, known: known != nil, index: w.q.vault.phoneIndex(string(w.BotID), p.Phone)}
	if c.known {
		c.row = known.Subscriber
		c.tags = known.Tags
	} else {
		c.row = w.stranger(p)
	}
	if err := c.name(w.q.vault, w.At); err != nil {
		return nil, err
	}
	if c.known {
		c.connect(w.At)
	}
	c.say()
	proved := latest(orZero(c.row.PhoneProvedAt), orZero(c.row.PhoneLapsedAt)) // a phone that lapsed wants a proof from after that
	c.claims = p.Phone != "" && p.PhoneProvedAt.After(proved)
	if p.Phone != "" && !c.claims && !bytes.Equal(c.index, c.row.PhoneIndex) {
		c.late = proved
	}
	err := c.keep(w.q.vault, known)
	if err == nil && len(c.fields) > gateway.MaxFields {
		fault := gateway.Fault(gateway.CodeFieldInvalid, "fields", fmt.Sprintf("A person has at most %d fields; this would make %d.", gateway.MaxFields, len(c.fields)))
		return nil, w.Refuse(p, fault)
	}
	return c, err
}

// stranger is the row of somebody who was not known.
func (w *importWriter) stranger(p gateway.ImportedPerson) dbsqlc.Subscriber {
	row := dbsqlc.Subscriber{
		ID: string(w.NewID()), AccountID: string(w.AccountID), BotID: string(w.BotID), PlatformID: p.PlatformID, ChatID: p.PlatformID,
		Names: []byte{}, NamesIndex: []byte{}, UsernameIndex: []byte{}, Phone: []byte{}, PhoneIndex: []byte{},
		Connection: string(gateway.Connected), ConnectedAt: orNull(p.ConnectedAt), ProfileAt: w.At, ConnectionAt: w.At,
		LastSeenAt: latest(p.LastSeenAt, p.ConnectedAt, p.PhoneProvedAt, p.UsernameSeenAt),
	}
	if p.Connection == gateway.Disconnected {
		row.Connection, row.Reason, row.DisconnectedAt = string(p.Connection), string(p.Reason), &p.DisconnectedAt
		if p.DisconnectedAt.IsZero() {
			row.DisconnectedAt = &w.At
		}
	}
	if row.LastSeenAt.IsZero() {
		row.LastSeenAt = w.At
	}
	return row
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// name takes names and the app's language over, unless the messenger itself has told who the person is.
func (c *change) name(v *vault, at time.Time) (err error) {
	if c.row.ProfileUpdateID != 0 {
		return nil
	}
	had := v.openNames(&err, c.row.BotID, c.row.PlatformID, c.row.Names)
	has := had
	if c.person.Username != "" {
		has.Username = c.person.Username
		seen := c.person.UsernameSeenAt
		if strings.EqualFold(had.Username, has.Username) {
			seen = latest(seen, orZero(c.row.UsernameSeenAt))
		}
		if seen.IsZero() {
			seen = time.Unix(0, 0).UTC() // older than all others
		}
		if !seen.Equal(orZero(c.row.UsernameSeenAt)) {
			c.row.UsernameSeenAt, c.differs = &seen, true
		}
	}
	take(&c.differs, &has.FirstName, c.person.FirstName)
	take(&c.differs, &has.LastName, c.person.LastName)
	take(&c.differs, &c.row.Language, c.person.Language)
	if has != had || !c.known {
		c.row.Names, c.row.NamesIndex = v.sealNames(&err, c.row.BotID, c.row.PlatformID, has)
		c.row.UsernameIndex, c.row.ProfileAt, c.differs = v.usernameIndex(c.row.BotID, has.Username), at, true
	}
	return err
}

// take puts a text in the place of another, if there is one.
func take(differs *bool, place *string, text string) {
	if text != "" && text != *place {
		*place, *differs = text, true
	}
}

// connect lets somebody go whom only an import knows. It connects nobody again: who left comes back by starting the bot.
func (c *change) connect(at time.Time) {
	p := c.person
	if c.row.ConnectionUpdateID != 0 || p.Connection != gateway.Disconnected || c.row.Connection == string(p.Connection) {
		return
	}
	if p.DisconnectedAt.IsZero() {
		p.DisconnectedAt = at
	}
	c.row.Connection, c.row.Reason, c.row.DisconnectedAt, c.row.ConnectionAt, c.differs = string(p.Connection), string(p.Reason), &p.DisconnectedAt, at, true
}

// say takes over what senders say about a person, and what happened to them as far as it is not known better.
func (c *change) say() {
	p := c.person
	take(&c.differs, &c.row.ExternalID, p.ExternalID)
	take(&c.differs, &c.row.ChosenLanguage, p.Chosen)
	take(&c.differs, &c.row.Timezone, p.Timezone)
	if c.row.StartPayload == "" {
		take(&c.differs, &c.row.StartPayload, p.StartPayload)
	}
	if !p.ConnectedAt.IsZero() && (c.row.ConnectedAt == nil || p.ConnectedAt.Before(*c.row.ConnectedAt)) {
		c.row.ConnectedAt, c.differs = &p.ConnectedAt, true
	}
	if p.LastSeenAt.After(c.row.LastSeenAt) {
		c.row.LastSeenAt, c.differs = p.LastSeenAt, true
	}
}

// keep takes tags and fields over: tags replace tags, and fields are set one by one.
func (c *change) keep(v *vault, known *dbsqlc.KnownPeopleRow) (err error) {
	c.fields = gateway.Fields{}
	if known != nil && (c.person.Fields != nil || c.person.Tags != nil) {
		v.openedJSON(&err, fieldsBound(c.row.AccountID, c.row.ID), known.Fields, &c.fields)
	}
	if c.person.Tags != nil && !slices.Equal(c.person.Tags, c.tags) {
		c.tags, c.state = c.person.Tags, true
	}
	for name, value := range c.person.Fields {
		was, there := c.fields[name]
		switch {
		case value == nil && there:
			delete(c.fields, name)
			c.state = true
		case value != nil && !(there && sameField(was, value)):
			c.fields[name], c.state = value, true
		}
	}
	return err
}

// sameField tells whether a value is what a file says: it writes a time as a text.
func sameField(was, said any) bool {
	if at, ok := was.(time.Time); ok {
		text, _ := said.(string)
		same, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && same.Equal(at)
	}
	if whole, ok := said.(int64); ok {
		if broken, ok := was.(float64); ok {
			return float64(whole) == broken
		}
	}
	return was == said
}

// loses leaves the phone to somebody who proved it later.
func (c *change) loses(to time.Time) { c.claims, c.elsewhere = false, to }

// prove gives the person the phone that they claim, if nobody proved it later.
func (c *change) prove(v *vault) (err error) {
	if !c.claims {
		return nil
	}
	if !bytes.Equal(c.index, c.row.PhoneIndex) {
		c.row.Phone, c.row.PhoneIndex = v.sealed(&err, personBound("phone", c.row.BotID, c.row.PlatformID), c.person.Phone), c.index
	}
	at := c.person.PhoneProvedAt
	c.row.PhoneProof, c.row.PhoneProvedAt, c.row.PhoneUpdateID, c.differs = string(gateway.ProofImport), &at, 0, true
	return err
}

// addProof records the proof that the person brings, also one that does not count.
func (c *change) addProof(v *vault, proofs *dbsqlc.RecordProofsParams) (err error) {
	closed := latest(c.late, c.elsewhere)
	if !c.claims && closed.IsZero() {
		return nil
	}
	proofs.SubscriberIds = append(proofs.SubscriberIds, c.row.ID)
	proofs.Phones = append(proofs.Phones, v.sealed(&err, proofBound(c.row.ID), c.person.Phone))
	proofs.PhoneIndexes = append(proofs.PhoneIndexes, c.index)
	proofs.ProvedAts = append(proofs.ProvedAts, c.person.PhoneProvedAt)
	proofs.ClosedAts = append(proofs.ClosedAts, closed)
	return err
}

func (c *change) addState(v *vault, states *dbsqlc.WriteStatesParams) (err error) {
	if !c.state {
		return nil
	}
	tags, err := json.Marshal(append([]string{}, c.tags...))
	if err != nil {
		return fmt.Errorf("write tags of subscriber %s: %w", c.row.ID, err)
	}
	fields, err := json.Marshal(maps.Clone(c.fields))
	if err != nil {
		return fmt.Errorf("write fields of subscriber %s: %w", c.row.ID, err)
	}
	states.SubscriberIds = append(states.SubscriberIds, c.row.ID)
	states.Tags = append(states.Tags, tags)
	states.Fields = append(states.Fields, v.sealed(&err, fieldsBound(c.row.AccountID, c.row.ID), string(fields)))
	return err
}

// addPerson adds a row to those that are written.
func addPerson(p *dbsqlc.PutPeopleParams, r dbsqlc.Subscriber) {
	p.Ids, p.PlatformIds = append(p.Ids, r.ID), append(p.PlatformIds, r.PlatformID)
	p.Names, p.NamesIndexes = append(p.Names, r.Names), append(p.NamesIndexes, r.NamesIndex)
	p.UsernameIndexes, p.UsernameSeenAts = append(p.UsernameIndexes, r.UsernameIndex), append(p.UsernameSeenAts, orZero(r.UsernameSeenAt))
	p.Languages, p.ChosenLanguages = append(p.Languages, r.Language), append(p.ChosenLanguages, r.ChosenLanguage)
	p.Timezones, p.ExternalIds = append(p.Timezones, r.Timezone), append(p.ExternalIds, r.ExternalID)
	p.Phones, p.PhoneIndexes = append(p.Phones, r.Phone), append(p.PhoneIndexes, r.PhoneIndex)
	p.PhoneProofs, p.PhoneProvedAts = append(p.PhoneProofs, r.PhoneProof), append(p.PhoneProvedAts, orZero(r.PhoneProvedAt))
	p.PhoneUpdateIds = append(p.PhoneUpdateIds, r.PhoneUpdateID)
	p.Connections, p.Reasons = append(p.Connections, r.Connection), append(p.Reasons, r.Reason)
	p.StartPayloads, p.ConnectedAts = append(p.StartPayloads, r.StartPayload), append(p.ConnectedAts, orZero(r.ConnectedAt))
	p.DisconnectedAts, p.LastSeenAts = append(p.DisconnectedAts, orZero(r.DisconnectedAt)), append(p.LastSeenAts, r.LastSeenAt)
	p.ProfileAts, p.ProfileUpdateIds = append(p.ProfileAts, r.ProfileAt), append(p.ProfileUpdateIds, r.ProfileUpdateID)
	p.ConnectionAts, p.ConnectionUpdateIds = append(p.ConnectionAts, r.ConnectionAt), append(p.ConnectionUpdateIds, r.ConnectionUpdateID)
}
