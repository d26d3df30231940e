package control

import (
	"encoding/json"
	"net/http"
	"strconv"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

// ref is a person or a bot in a body: an id, or a bot's @username.
type ref string

// UnmarshalJSON reads a number or a string.
func (r *ref) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(r))
	}
	var number int64
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*r = ref(strconv.FormatInt(number, 10))
	return nil
}

func (a *API) botIDs(refs []ref) ([]network.BotID, error) {
	var out []network.BotID
	for _, r := range refs {
		b, err := a.Network.Bot(string(r))
		if err != nil {
			return nil, err
		}
		out = append(out, b.ID)
	}
	return out, nil
}

func (a *API) listGroups(*http.Request) (int, any, error) {
	return http.StatusOK, a.Network.Groups(), nil
}

func (a *API) createGroup(r *http.Request) (int, any, error) {
	in := struct {
		Type   wire.ChatType      `json:"type"`
		Title  string             `json:"title"`
		People []network.PersonID `json:"people"`
		Bots   []ref              `json:"bots"`
	}{Type: wire.ChatGroup}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	bots, err := a.botIDs(in.Bots)
	if err != nil {
		return 0, nil, err
	}
	g, err := a.Network.CreateGroup(in.Type, in.Title, in.People, bots)
	return http.StatusCreated, g, err
}

// onGroup calls do with the group of the path.
func onGroup(r *http.Request, do func(network.ChatID) (network.Group, error)) (int, any, error) {
	id, err := pathID(r, "group")
	if err != nil {
		return 0, nil, err
	}
	g, err := do(network.ChatID(id))
	return http.StatusOK, g, err
}

func (a *API) getGroup(r *http.Request) (int, any, error) { return onGroup(r, a.Network.Group) }

func (a *API) upgradeGroup(r *http.Request) (int, any, error) {
	return onGroup(r, a.Network.UpgradeGroup)
}

func (a *API) deleteGroup(r *http.Request) (int, any, error) {
	id, err := pathID(r, "group")
	if err == nil {
		err = a.Network.DeleteGroup(network.ChatID(id))
	}
	return http.StatusNoContent, nil, err
}

// changeMembers takes {add, remove}: people by id, bots by id or @username.
func (a *API) changeMembers(r *http.Request) (int, any, error) {
	var in struct {
		Add    []ref `json:"add"`
		Remove []ref `json:"remove"`
	}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	var c network.MemberChange
	sort := func(refs []ref, people *[]network.PersonID, bots *[]network.BotID) error {
		for _, one := range refs {
			if b, err := a.Network.Bot(string(one)); err == nil {
				*bots = append(*bots, b.ID)
				continue
			}
			id, err := strconv.ParseInt(string(one), 10, 64)
			if err != nil {
				return invalid("group:member", "%.64q is neither a bot nor the id of a person", string(one))
			}
			*people = append(*people, network.PersonID(id))
		}
		return nil
	}
	if err := sort(in.Add, &c.AddPeople, &c.AddBots); err != nil {
		return 0, nil, err
	}
	if err := sort(in.Remove, &c.RemovePeople, &c.RemoveBots); err != nil {
		return 0, nil, err
	}
	return onGroup(r, func(id network.ChatID) (network.Group, error) { return a.Network.ChangeMembers(id, c) })
}
