package workflows_test

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"herald/internal/postgres/postgrestest"
	"herald/workflows"
)

// Histories are recorded from a running Herald, one for each way that a workflow goes, of messages "hello" to #100001 and of
// people with phones +380...:
//
//	go test ./workflows -record 127.0.0.1:7233 -workflow msg_... -as accepted
var (
	record   = flag.String("record", "", "address of a Temporal server to record a history from")
	workflow = flag.String("workflow", "", "id of the workflow to record")
	as       = flag.String("as", "", "name of the recorded history")
)

const histories = "testdata/histories"

func TestMain(m *testing.M) {
	flag.Parse()
	if *record != "" {
		if err := recordHistory(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(postgrestest.Main(m))
}

// Workflows that are under way when a new version starts are replayed by it: it must take the same steps.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(histories + "/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 18, "the recorded histories")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflow(workflows.DeliverMessage)
			replayer.RegisterWorkflow(workflows.ReconfirmPhone)
			replayer.RegisterWorkflow(workflows.SweepReconfirmations)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(temporallog.NewStructuredLogger(quiet()), file))
		})
	}
}

// What Temporal keeps of a message is ids and words of ours: not its text, not who it is for.
func TestRecordedHistoriesHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(histories + "/*.json")
	require.NoError(t, err)
	payload := regexp.MustCompile(`"data": "([^"]*)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := payload.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, found, file)
		for _, data := range found {
			plain, err := base64.StdEncoding.DecodeString(data[1])
			require.NoError(t, err)
			require.NotRegexp(t, `hello|100001|\+380`, string(plain), file)
		}
	}
}

func recordHistory(ctx context.Context) error {
	c, err := client.Dial(client.Options{HostPort: *record, Namespace: "herald"})
	if err != nil {
		return err
	}
	defer c.Close()
	recorded := &history.History{}
	events := c.GetWorkflowHistory(ctx, *workflow, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		recorded.Events = append(recorded.Events, event)
	}
	raw, err := temporalproto.CustomJSONMarshalOptions{Indent: "  "}.Marshal(recorded)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	raw = regexp.MustCompile(`"\d+@`+host+`@|"`+host+`:`).ReplaceAll(raw, []byte(`"worker:`))
	return os.WriteFile(filepath.Join(histories, *as+".json"), append(raw, '\n'), 0o600)
}
