// Package webhooks posts messages to whoever an operator names: a Watermill publisher over HTTP, signed by the scheme of
// Standard Webhooks.
//
// The operator names the addresses, so none is forbidden: an address inside the house is as good as another.
package webhooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gridward/domain/fault"
)

const (
	timeout    = 15 * time.Second // of one call
	answerRead = 64 << 10         // of an answer, so that its connection can be used again; nothing is done with it
)

// Publisher posts each message to one address, in order, each once the one before was taken. The topic is not looked at.
type Publisher struct {
	url    string
	sign   []*standard.Webhook
	media  string
	clock  func() time.Time
	client *http.Client
}

var _ message.Publisher = (*Publisher)(nil)

// NewPublisher makes the publisher of one hook. media is the payloads' media type; clock stamps the signatures.
func NewPublisher(h Hook, media string, clock func() time.Time) (*Publisher, error) {
	sign, err := signers(h.secret)
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", h.Name, err)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxConnsPerHost: 1, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 64 << 10}
	return &Publisher{url: h.URL, sign: sign, media: media, clock: clock, client: &http.Client{Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Publish implements message.Publisher. It ends with the first message that is not taken: fault.Unavailable where the receiver
// is away, with the pause it asked for, and fault.Refused where it says that the message is wrong.
func (p *Publisher) Publish(_ string, messages ...*message.Message) error {
	for _, m := range messages {
		if err := p.post(m.Context(), m); err != nil {
			return err
		}
	}
	return nil
}

func (p *Publisher) post(ctx context.Context, m *message.Message) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(m.Payload))
	if err != nil {
		return away("the request cannot be made", 0, withoutURL(err))
	}
	now := p.clock()
	signatures := make([]string, len(p.sign))
	for i, key := range p.sign {
		if signatures[i], err = key.Sign(m.UUID, now, m.Payload); err != nil {
			return fmt.Errorf("sign: %w", err)
		}
	}
	req.Header.Set("Content-Type", p.media)
	req.Header.Set("User-Agent", "Gridward")
	req.Header.Set(standard.HeaderWebhookID, m.UUID)
	req.Header.Set(standard.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standard.HeaderWebhookSignature, strings.Join(signatures, " "))
	resp, err := p.client.Do(req)
	if err != nil {
		return away("the receiver does not answer", 0, withoutURL(err))
	}
	_, _ = io.CopyN(io.Discard, resp.Body, answerRead) // what it says does not matter
	_ = resp.Body.Close()
	return p.judge(resp)
}

// judge says what an answer means. Nothing of the answer but its status goes into the error.
func (p *Publisher) judge(resp *http.Response) error {
	said := fmt.Sprintf("the receiver answers %d", resp.StatusCode)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return away(said, p.retryAfter(resp), nil)
	case code >= 400 && code < 500:
		return fault.Refuse("webhook_refused", "%s", said)
	case code >= 300 && code < 400: // redirects are not followed: the operator names the address
		return away(said+": redirects are not followed", 0, nil)
	}
	return away(said, p.retryAfter(resp), nil)
}

// retryAfter reads seconds or a date; 0 if there is nothing to be read.
func (p *Publisher) retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(p.clock()), 0)
	}
	return 0
}

func away(said string, after time.Duration, cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "webhook_unavailable", Message: said, RetryAfter: after, Cause: cause}
}

// withoutURL takes the address off an error: it may hold a secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Close implements message.Publisher.
func (p *Publisher) Close() error {
	p.client.CloseIdleConnections()
	return nil
}
