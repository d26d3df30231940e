package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"herald/client"
	"herald/internal/gateway"
	"herald/internal/postgres/crowd"
	"herald/internal/roster"
)

// The bars of an import.
const (
	barImport       = "under 60"
	barImportMemory = "under 100"
)

const (
	importPart   = 10 // of the large import the small one is this part
	watchMemory  = 20 * time.Millisecond
	importRested = 2 * time.Second // before an import, so that what was before it is over
)

// imported is what one import took.
type imported struct {
	people  int
	took    time.Duration
	before  int64 // bytes of Herald's own process
	highest int64
}

func (i imported) growth() float64 { return megabytes(i.highest - i.before) }

// measureImport imports a tenth of the people into a bot, and then all of them into another one: what is held in memory is bounded
// if ten times the people do not take ten times as much.
func measureImport(ctx context.Context, o PeopleOptions, report *Report, folder string) error {
	o.say("starting a Herald")
	running, err := start(ctx, o.Program, filepath.Join(folder, "import"))
	if err != nil {
		return err
	}
	defer running.stop() // a second stop does nothing
	w, err := newWorld(Options{Callers: preparers}, running.found)
	if err != nil {
		return err
	}
	var both [2]imported
	for n, people := range []int{max(o.Imported/importPart, 1), o.Imported} {
		if both[n], err = importCrowd(ctx, o, w, running.PID(), fmt.Sprintf("import_%d", n), folder, people); err != nil {
			return err
		}
	}
	report.addImported(both[0], both[1])
	return running.stop()
}

func (r *Report) addImported(part, whole imported) {
	r.add("import_people", float64(whole.people), "people", "")
	r.add("import_time", whole.took.Seconds(), "s", barImport)
	r.add("import_per_second", float64(whole.people)/whole.took.Seconds(), "people/s", "")
	r.add("import_memory_growth", whole.growth(), "MB", barImportMemory)
	r.add("import_part_people", float64(part.people), "people", "")
	r.add("import_part_memory_growth", part.growth(), "MB", "")
}

// importCrowd imports people into a bot of their own.
func importCrowd(ctx context.Context, o PeopleOptions, w *world, pid int, name, folder string, people int) (imported, error) {
	i := imported{people: people}
	made, err := w.sandbox.CreateBot(ctx, "Bench "+name, "bench_"+name+"_bot")
	if err != nil {
		return i, err
	}
	bot, err := w.api.AddBot(ctx, client.NewBot{Platform: "telegram", Token: made.Token})
	if err != nil {
		return i, err
	}
	file, err := crowdFile(filepath.Join(folder, name+".csv"), people)
	if err != nil {
		return i, err
	}
	defer file.Close()
	o.say("importing %d people", people)
	if err := rest(ctx, importRested); err != nil {
		return i, err
	}
	memory, err := watch(pid)
	if err != nil {
		return i, err
	}
	begun := time.Now()
	var done *client.ImportReport
	var refused *client.RefusedRow // the last one
	for line, fault := range w.api.ImportSubscribers(ctx, bot.ID, client.SubscriberImport{Body: file, Format: client.CSV}) {
		if fault != nil {
			err = fault
			break
		}
		if line.Report != nil {
			done = line.Report
		}
		if line.Refused != nil {
			refused = line.Refused
		}
	}
	i.took = time.Since(begun)
	if i.before, i.highest, err = memory.stop(err); err != nil {
		return i, err
	}
	if refused != nil {
		return i, fmt.Errorf("import %d people: row %d is refused (%s): %s", people, refused.Line, refused.Code, refused.Detail)
	}
	if done == nil || !done.Stored || done.Created != people {
		return i, fmt.Errorf("import %d people: the report is %+v", people, done)
	}
	return i, nil
}

// crowdFile writes people as an export writes them.
func crowdFile(path string, people int) (_ *os.File, err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create a file of people: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // what went wrong before is told
		}
	}()
	rows, err := roster.NewWriter(file)
	if err != nil {
		return nil, err
	}
	at := time.Now().UTC().Truncate(time.Second)
	for n := range people {
		p := crowd.Person(n, at)
		p.Tags, p.Fields = []string{"customer"}, gateway.Fields{"orders": int64(n % 10)}
		if err := rows.Write(p); err != nil {
			return nil, err
		}
	}
	if err := rows.Flush(); err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind a file of people: %w", err)
	}
	return file, nil
}

// watcher looks at the memory of a process again and again.
type watcher struct {
	ended   chan struct{}
	group   sync.WaitGroup
	before  int64
	highest int64
	err     error // of the last look that failed
}

// watch begins to watch the memory of a process.
func watch(pid int) (*watcher, error) {
	_, rss, err := rollup("/proc", pid)
	if err != nil {
		return nil, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	w := &watcher{ended: make(chan struct{}), before: rss, highest: rss}
	w.group.Go(func() {
		ticker := time.NewTicker(watchMemory)
		defer ticker.Stop()
		for {
			_, rss, err := rollup("/proc", pid)
			if err != nil {
				w.err = fmt.Errorf("read the memory of process %d: %w", pid, err)
				return
			}
			w.highest = max(w.highest, rss)
			select {
			case <-ticker.C:
			case <-w.ended:
				return
			}
		}
	})
	return w, nil
}

// stop ends the watch, after something that may have failed.
func (w *watcher) stop(err error) (before, highest int64, _ error) {
	close(w.ended)
	w.group.Wait()
	return w.before, w.highest, errors.Join(err, w.err)
}

// rest waits a while.
func rest(ctx context.Context, span time.Duration) error {
	select {
	case <-time.After(span):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
