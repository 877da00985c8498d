package webhooks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gridward/adapters/webhooks"
	"gridward/domain/fault"
)

// secret is the one of the scheme's published example.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" //nolint:gosec // published

// hook reads a file of one webhook.
func hook(t *testing.T, url, secrets, more string) webhooks.Hook {
	t.Helper()
	hooks, err := webhooks.Parse(fmt.Appendf(nil, "webhooks:\n- name: district\n  url: %s\n  secret_env: SECRET\n%s", url, more),
		func(string) (string, bool) { return secrets, true })
	if err != nil {
		t.Fatal(err)
	}
	return hooks[0]
}

func publisher(t *testing.T, url, secrets string, clock func() time.Time) *webhooks.Publisher {
	t.Helper()
	p, err := webhooks.NewPublisher(hook(t, url, secrets, ""), "application/cloudevents+json", clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func receiver(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

func TestARequestIsSignedAsStandardWebhooksAsks(t *testing.T) {
	var got http.Header
	var body []byte
	url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	at := time.Unix(1614265330, 0)
	p := publisher(t, url, secret, func() time.Time { return at })
	m := message.NewMessageWithContext(t.Context(), "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`))
	if err := p.Publish("", m); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"webhook-id": m.UUID, "webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "Content-Type": "application/cloudevents+json"} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
	if string(body) != `{"test": 2432232314}` {
		t.Errorf("the body: %s", body)
	}
}

func TestWhileASecretIsChangedBothSign(t *testing.T) {
	const other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, known := range []string{secret, other} {
			verify, err := standard.NewWebhook(known)
			if err != nil || verify.Verify(body, r.Header) != nil {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}
	})
	p := publisher(t, url, secret+" "+other+"\n", time.Now)
	if err := p.Publish("", message.NewMessageWithContext(t.Context(), "1", []byte("{}"))); err != nil {
		t.Error(err)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	now := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status     int
		retryAfter string
		kind       fault.Kind // 0: taken
		pause      time.Duration
	}{
		{200, "", 0, 0}, {202, "", 0, 0}, {204, "", 0, 0},
		{301, "", fault.Unavailable, 0}, {307, "", fault.Unavailable, 0},
		{400, "", fault.Refused, 0}, {401, "", fault.Refused, 0}, {404, "", fault.Refused, 0}, {410, "", fault.Refused, 0}, {422, "9", fault.Refused, 0},
		{408, "", fault.Unavailable, 0}, {425, "", fault.Unavailable, 0},
		{429, "30", fault.Unavailable, 30 * time.Second}, {503, now.Add(time.Minute).Format(http.TimeFormat), fault.Unavailable, time.Minute},
		{503, now.Add(-time.Minute).Format(http.TimeFormat), fault.Unavailable, 0}, {503, "soon", fault.Unavailable, 0}, {500, "-1", fault.Unavailable, 0},
	} {
		var calls atomic.Int32
		url := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", c.retryAfter)
			w.WriteHeader(c.status)
		})
		p := publisher(t, url+"/hook?token=hidden", secret, func() time.Time { return now })
		err := p.Publish("", message.NewMessageWithContext(t.Context(), "1", []byte("{}")), message.NewMessageWithContext(t.Context(), "2", []byte("{}")))
		if c.kind == 0 {
			if err != nil || calls.Load() != 2 {
				t.Errorf("%d: %v after %d calls", c.status, err, calls.Load())
			}
			continue
		}
		f, ok := fault.As(err)
		if !ok || f.Kind != c.kind || f.RetryAfter != c.pause || calls.Load() != 1 {
			t.Errorf("%d: %v after %d calls", c.status, err, calls.Load())
		}
	}
}

func TestAReceiverThatIsNotThereIsAway(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	p := publisher(t, strings.Replace(gone.URL, "http://", "http://user:hidden@", 1)+"/?token=hidden", secret, time.Now)
	err := p.Publish("", message.NewMessageWithContext(t.Context(), "1", []byte("{}")))
	if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable || strings.Contains(err.Error(), "hidden") {
		t.Errorf("%v", err)
	}
	hanging := receiver(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = publisher(t, hanging, secret, time.Now).Publish("", message.NewMessageWithContext(ctx, "1", []byte("{}")))
	if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestALongAnswerIsNotReadToItsEnd(t *testing.T) {
	url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	if err := publisher(t, url, secret, time.Now).Publish("", message.NewMessageWithContext(t.Context(), "1", []byte("{}"))); err != nil {
		t.Error(err)
	}
}
