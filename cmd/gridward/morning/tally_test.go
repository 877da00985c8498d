package morning

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

const receipt = `{"position":"7"}`

func answered(status int, took time.Duration, body string) answer {
	return answer{status: status, took: took, body: []byte(body)}
}

func TestTheTableTellsWhatWasDoneBusyAndWrong(t *testing.T) {
	r := &Result{Took: 2 * time.Second, tally: newTally()}
	count := func(k kind, what string, a answer) { r.tally.count(t.Context(), k, what, a) }
	for n := range 10 {
		count(singles, "", answered(201, time.Duration(n+1)*time.Millisecond, receipt))
	}
	count(singles, "", answer{status: 503, retryAfter: time.Second, took: time.Minute})
	count(office, files, answered(200, 4*time.Millisecond, receipt))
	count(office, closes, answered(409, time.Minute, `{"code":"not_checked"}`))
	count(office, closes, answered(503, time.Minute, "and no word of when"))
	count(leaders, queue, answered(200, 3*time.Millisecond, "{}"))
	count(leaders, ofCase, answer{err: errors.New("the line broke")})
	stopped, stop := context.WithCancel(t.Context())
	stop()
	r.tally.count(stopped, singles, "", answer{err: stopped.Err()})

	var out strings.Builder
	r.Print(&out)
	for _, want := range []string{
		"|     10 | officers' batches of 20 patrols |    0 |        0 |    0 |      0 |    0.0 |    0.0 |    0.0 |    0.0 |",
		"|     40 | single patrols                  |   10 |        5 |    1 |      0 |    5.0 |    9.0 |   10.0 |   10.0 |",
		"|     25 | office work                     |    1 |        0 |    0 |      2 |    4.0 |    4.0 |    4.0 |    4.0 |",
		"|        |   file                          |    1 |        0 |    0 |      0 |    4.0 |    4.0 |    4.0 |    4.0 |",
		"|        |   close                         |    0 |        0 |    0 |      2 |    0.0 |    0.0 |    0.0 |    0.0 |",
		"|     25 | leaders' reads                  |    1 |        0 |    0 |      1 |    3.0 |    3.0 |    3.0 |    3.0 |",
		"|        |   queue of cases                |    1 |        0 |    0 |      0 |    3.0 |    3.0 |    3.0 |    3.0 |",
		"|    100 | total                           |   12 |        6 |    1 |      3 |    4.0 |    9.0 |   10.0 |   10.0 |",
		"2 of office work close failed, first: 409 {\"code\":\"not_checked\"}\n",
		"1 of leaders' reads accountability of a case failed, first: the line broke\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "dispatch") {
		t.Errorf("a step that nobody took has a row:\n%s", &out)
	}
	if r.Errors() != 3 || r.tally.highest != 7 {
		t.Errorf("%d errors, highest position %s", r.Errors(), r.tally.highest)
	}
}

func TestACommandsAnswerWithoutAPositionIsAnError(t *testing.T) {
	r := &Result{tally: newTally()}
	r.tally.count(t.Context(), singles, "", answered(201, time.Millisecond, "{}"))
	if r.Errors() != 1 {
		t.Errorf("%d errors", r.Errors())
	}
}
