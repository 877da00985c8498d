package webhooks_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// The lines that docs/outbound.md gives receivers must do what they say.
func TestTheLinesThatCheckASignatureInTheDocs(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "base64", "od", "tr"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("this machine has no %s", tool)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "outbound.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "```sh\nkey=")
	lines, _, ended := strings.Cut(after, "```")
	if !found || !ended {
		t.Fatal("the lines are not in docs/outbound.md")
	}
	dir := t.TempDir()
	var header http.Header
	url := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "body"), raw, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	})
	if err := publisher(t, url, secret, time.Now).Publish("", message.NewMessageWithContext(t.Context(), "an-event", []byte(`{"某":"100%s\n"}`))); err != nil {
		t.Fatal(err)
	}
	check := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "key="+lines)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "secret="+secret, "webhook_id="+header.Get("webhook-id"), "webhook_timestamp="+header.Get("webhook-timestamp"),
			"webhook_signature="+header.Get("webhook-signature"))
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if said, err := check(); said != "genuine" || err != nil {
		t.Errorf("%s, %v", said, err)
	}
	header.Set("webhook-timestamp", "1")
	if said, err := check(); said != "forged" || err == nil {
		t.Errorf("a wrong stamp: %s, %v", said, err)
	}
}
