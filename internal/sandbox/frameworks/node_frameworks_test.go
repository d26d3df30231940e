package frameworks_test

import (
	"net/http"
	"testing"
)

func TestNodeFrameworksCannotTellTheSandboxFromTelegram(t *testing.T) {
	t.Parallel()
	for _, framework := range []string{"grammy", "telegraf"} {
		for _, mode := range []string{"polling", "webhook"} {
			t.Run(framework+" by "+mode, func(t *testing.T) {
				t.Parallel()
				w := startWorld(t)
				b := control[bot](w, http.MethodPost, "/bots", map[string]string{"name": "Acme", "username": "acme_bot"})
				printed := runNode(t, w, b, framework+".mjs", mode)
				s := w.seat(b)
				tell(t, s)
				control[any](w, http.MethodPost, s.chat+"/block", nil)
				printed.await(t, "member kicked")
				control[any](w, http.MethodPost, s.chat+"/unblock", nil)
				printed.await(t, "member member")
			})
		}
	}
}
