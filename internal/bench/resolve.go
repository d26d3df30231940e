package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"herald/internal/gateway"
	"herald/internal/postgres/crowd"
)

// The bars of finding a person.
const (
	barResolveP99   = "under 2"
	barResolveRatio = "at most 1.5"
)

const (
	resolveWarmUp = 20 // searches by each way that are not counted: until each statement is prepared and its plan chosen
	resolveSeed   = 1  // the same people are looked for in each run
	accepters     = 8
)

// ways are the ways to name a person, with the names of their figures.
func ways() []way {
	return []way{
		{"phone", gateway.AddressPhone},
		{"username", gateway.AddressUsername},
		{"id", gateway.AddressPlatform},
		{"external_id", gateway.AddressExternal},
	}
}

type way struct {
	name string
	kind gateway.AddressKind
}

// found are the times of searches by one way.
type found struct{ few, many []time.Duration }

// ratio tells how many times the median grew from few people to many.
func (f found) ratio() float64 {
	few := quantile(f.few, 0.5)
	if few == 0 {
		return 0
	}
	return float64(quantile(f.many, 0.5)) / float64(few)
}

// measureResolve looks for people by all ways among few and among many, by turns, so that whatever else the machine does
// slows both.
func measureResolve(ctx context.Context, o PeopleOptions, report *Report, few, many *crowd.Base) error {
	o.say("accepting %d messages to people of each", len(ways())*(resolveWarmUp+o.Probes))
	fewAsked, err := accept(ctx, few, o.Few, o.Probes)
	if err != nil {
		return err
	}
	manyAsked, err := accept(ctx, many, o.People, o.Probes)
	if err != nil {
		return err
	}
	o.say("looking for their people")
	times := map[string]found{}
	for n := range resolveWarmUp + o.Probes {
		for w, way := range ways() {
			t := times[way.name]
			turns := []turn{{few, fewAsked[w], &t.few}, {many, manyAsked[w], &t.many}}
			if n%2 == 1 { // whoever is first finds the processor's caches filled with something else
				slices.Reverse(turns)
			}
			for _, in := range turns {
				took, err := in.base.Resolve(ctx, in.asked[n].message, in.asked[n].person)
				if err != nil {
					return err
				}
				if n >= resolveWarmUp {
					*in.times = append(*in.times, took)
				}
			}
			times[way.name] = t
		}
	}
	report.addResolved(o, times)
	return nil
}

// turn is a search in one of two crowds.
type turn struct {
	base  *crowd.Base
	asked []asked
	times *[]time.Duration
}

func (r *Report) addResolved(o PeopleOptions, times map[string]found) {
	r.add("resolve_people", float64(o.People), "people", "")
	r.add("resolve_few", float64(o.Few), "people", "")
	for _, way := range ways() {
		t := times[way.name]
		r.addBoundLatencies("resolve_"+way.name, t.many, "", barResolveP99)
		r.addBoundLatencies("resolve_"+way.name+"_few", t.few, "", "")
		r.add("resolve_"+way.name+"_ratio", t.ratio(), "times", barResolveRatio)
	}
}

// asked is a message to a person.
type asked struct {
	message gateway.MessageID
	person  int
}

// accept accepts messages to people of a crowd, by each of the ways.
func accept(ctx context.Context, base *crowd.Base, people, probes int) ([][]asked, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(accepters)
	dice := rand.New(rand.NewPCG(resolveSeed, uint64(people)))
	all := make([][]asked, len(ways()))
	for w, way := range ways() {
		all[w] = make([]asked, resolveWarmUp+probes)
		for n := range all[w] {
			who := dice.IntN(people)
			group.Go(func() (err error) {
				all[w][n].person = who
				all[w][n].message, err = base.Accept(ctx, crowd.Address(way.kind, who))
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("accept messages: %w", err)
	}
	return all, nil
}
