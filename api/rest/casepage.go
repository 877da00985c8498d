package rest

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"gridward/app/views"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

//go:embed casepage.html
var casePageText string

var casePageTemplate = template.Must(template.New("casepage").Parse(casePageText))

// The page of one case's accountability (责任追究表), to be printed on A4 and signed: every value as it stands there.
type (
	caseForm struct {
		ID, District, Programme   string
		AsOf, Printed, Zone       string
		Item, Severity, State     string
		Place, Cell, Source       string
		Description, FirstContact string
		Found, Reported, Closed   string
		Rating, Rounds            string
		Now, Due                  string // who has it and until when, while it is open
		Line                      []formStage
		Measures                  []formMeasure
		Times                     []formTime
		Missed                    []formMissed
		Said                      []formSaid
		MoreSaid                  int
		Totals                    []totalLine
	}
	formStage struct {
		Round                          string // that begins here, where there are several
		Stage, Unit, Who, StandIn      string
		From, To, Used, Limit, Verdict string
		Late                           bool
		Due, Chain                     string // of a late one
	}
	formMeasure struct {
		at                   time.Time
		What, At, Whom, Text string
		Red                  bool
	}
	formTime   struct{ What, At, Who, Text, Outcome string }
	formMissed struct {
		What, Cell, Period, Who, Chain string
		Required, Done, Short          int
	}
	formSaid struct{ What, At, Who, Text string }
)

const (
	mostSaid  = 10 // lines of what was said
	shortText = 80 // characters of each
)

// casePage answers the accountability of a case as a page.
func (s *Server) casePage(c echo.Context, id, atLeast string, asOf time.Time) error {
	if atLeast == "" && asOf.IsZero() { // its line is read from the log, the rest from the views: they shall know the same
		head, err := s.Log.Head(c.Request().Context())
		if err != nil {
			return err
		}
		atLeast = head.String()
	}
	if err := s.await(c, atLeast); err != nil {
		return err
	}
	form, err := s.caseForm(c.Request().Context(), id, asOf)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := casePageTemplate.Execute(&out, form); err != nil {
		return fmt.Errorf("casepage.html: %w", err)
	}
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	return c.Blob(http.StatusOK, "text/html; charset=utf-8", out.Bytes())
}

// caseForm fills the page in.
func (s *Server) caseForm(ctx context.Context, id string, asOf time.Time) (*caseForm, error) {
	now := s.Clock()
	k, err := s.caseAt(ctx, id, now, asOf)
	if err != nil {
		return nil, err
	}
	a, err := s.Views.CaseAccountability(ctx, id, now, asOf)
	if err != nil {
		return nil, err
	}
	clocks, err := s.Views.Deadlines(ctx, id, now, asOf)
	if err != nil {
		return nil, err
	}
	w := formWriter{s.Views.Naming(ctx), k.Programme, s.Zone}
	form := w.facts(k)
	form.Printed, form.Zone = w.at(now), "UTC"+now.In(s.Zone).Format("-07:00")
	if !asOf.IsZero() {
		form.AsOf = w.at(asOf)
	}
	for _, i := range a.Intervals {
		if i.To == nil {
			form.Now = w.n.Post(unitOf(i.Holder)) + " " + w.who(i.Holder)
		}
	}
	form.Line = w.line(a.Intervals, clocks, k.Round)
	form.Measures = w.measures(a)
	form.Times = w.times(k, clocks, a.Said)
	form.Missed = w.missed(a.MissedDuties)
	form.Said, form.MoreSaid = w.said(a.Said)
	form.Totals = totalLines(a.Totals)
	return form, w.n.Err()
}

// caseAt is the case as it stands, or as it was known at an instant.
func (s *Server) caseAt(ctx context.Context, id string, now, asOf time.Time) (views.Case, error) {
	if asOf.IsZero() {
		return s.Views.Case(ctx, id, now)
	}
	return s.Views.CaseAsOf(ctx, id, asOf)
}

// formWriter puts what the views say into the words of the form.
type formWriter struct {
	n         *views.Naming
	programme string
	zone      *time.Location
}

func (w formWriter) at(t time.Time) string { return t.In(w.zone).Format("2006-01-02 15:04") }

// maybe is an instant that may not have come.
func (w formWriter) maybe(t *time.Time) string {
	if t == nil {
		return ""
	}
	return w.at(*t)
}

// who is a person with the post they held.
func (w formWriter) who(h views.Answering) string {
	if h.Role == "" {
		return personText(w.n, h.Person)
	}
	return personText(w.n, h.Person) + "(" + w.n.Role(w.programme, h.Role) + ")"
}

func (w formWriter) facts(k views.Case) *caseForm {
	form := &caseForm{ID: k.ID, District: w.n.Post(string(k.Cell.AtLevel(grid.District))), Programme: w.n.Programme(k.Programme),
		Item: w.n.Item(k.Programme, k.Item), Severity: views.SeverityName(k.Severity), State: views.StateName(k.State),
		Place: w.n.Path(k.Cell), Cell: string(k.Cell), Source: views.SourceName(k.Source), Description: k.Description,
		FirstContact: w.n.Person(k.FirstContact), Found: w.at(k.FoundAt), Reported: w.at(k.ReportedAt), Closed: w.maybe(k.ClosedAt),
		Rounds: fmt.Sprintf("第 %d 轮，返工 %d 次", k.Round, k.ReworkCount)}
	if k.Rating != nil {
		form.Rating = views.RatingName(*k.Rating)
	}
	if d := k.Deadline; d != nil {
		form.Due = views.StageName(d.Stage) + "应于 " + w.at(d.At) + " 前完成"
		if k.Overdue {
			form.Due += "，已超期"
		}
	}
	return form
}

// line is the line of responsibility, round by round, and behind each round the clocks of the whole of it.
func (w formWriter) line(intervals []views.Interval, clocks []views.DerivedStage, rounds int) []formStage {
	var out []formStage
	var chain ditto
	for round := 1; round <= rounds; round++ {
		first := len(out)
		for _, i := range intervals {
			if i.Round == round {
				out = append(out, w.stage(i))
				out[len(out)-1].Chain = chain.next(chainText(w.n, w.programme, i.Chain))
			}
		}
		for _, d := range clocks {
			whole := d.Stage == programme.StageTotal || d.Stage == programme.StageStatutory
			if d.Round == round && whole && (d.Deadline != nil || d.Limit != nil) {
				out = append(out, w.clock(d))
			}
		}
		if rounds > 1 && first < len(out) {
			out[first].Round = fmt.Sprintf("第 %d 轮", round)
		}
	}
	return out
}

func (w formWriter) stage(i views.Interval) formStage {
	f := formStage{Stage: views.StageName(i.Stage), Unit: w.n.Post(unitOf(i.Holder)), Who: w.who(i.Holder), StandIn: standIn(w.n, i),
		From: w.at(i.From), To: w.maybe(i.To), Used: usedText(i.UsedSeconds, i.Limit)}
	f.judge(w, i.Limit, i.Deadline, i.Verdict, i.Exempt)
	return f
}

func (w formWriter) clock(d views.DerivedStage) formStage {
	f := formStage{Stage: views.StageName(d.Stage), Unit: "全案", From: w.at(d.Start), To: w.maybe(d.EndedAt), Used: usedText(d.UsedSeconds, d.Limit)}
	f.judge(w, d.Limit, d.Deadline, d.Verdict, d.Exempt)
	return f
}

// judge writes the limit and what came of it.
func (f *formStage) judge(w formWriter, limit *programme.Limit, due *time.Time, verdict string, exempt bool) {
	f.Verdict, f.Late = views.VerdictName(verdict), verdict == hazard.VerdictLate
	if exempt {
		f.Verdict += "(免责)"
	}
	switch {
	case limit != nil:
		f.Limit = views.LimitName(*limit)
	case due != nil:
		f.Limit = "挂牌期限"
	}
	if f.Late || limit == nil {
		f.Due = w.maybe(due)
	}
}

// measures is every card, escalation and supervision, in the order of time.
func (w formWriter) measures(a views.Accountability) []formMeasure {
	var out []formMeasure
	for _, k := range a.Cards {
		out = append(out, formMeasure{at: k.At, What: views.ColourName(k.Colour), Whom: w.n.Post(unitOf(k.Holder)) + " " + w.who(k.Holder),
			Text: views.StageName(k.Stage) + "环节，" + standingOf(k), Red: k.Colour == hazard.Red})
	}
	for _, e := range a.Escalations {
		text := escalatedFor(e)
		if e.AcknowledgedAt != nil {
			text += fmt.Sprintf("；批示(%s %s)：%s", w.n.Person(e.AcknowledgedBy), w.at(*e.AcknowledgedAt), e.Instruction)
		}
		out = append(out, formMeasure{at: e.Since, What: "逐级上报", Whom: w.n.Post(string(e.Cell)) + " " + personText(w.n, e.Person), Text: text})
	}
	for _, p := range a.Supervisions {
		text := "在督办"
		if p.Lifted != nil {
			text = "于 " + w.at(*p.Lifted) + " 解除"
		}
		if p.Plan != nil {
			text += fmt.Sprintf("；责任主体：%s，期限 %s，目标：%s", p.Plan.ResponsibleBody, w.at(p.Plan.Deadline), p.Plan.Goal)
		}
		out = append(out, formMeasure{at: p.Since, What: views.MeasureName(p.Measure), Whom: w.n.Post(string(p.Cell)), Text: text})
	}
	slices.SortStableFunc(out, func(a, b formMeasure) int { return a.at.Compare(b.at) })
	for i := range out {
		out[i].At = w.at(out[i].at)
	}
	return out
}

// times is what moved the clocks, or was objected: extensions, suspensions and appeals.
func (w formWriter) times(k views.Case, clocks []views.DerivedStage, said []views.Said) []formTime {
	var out []formTime
	for _, x := range k.Extensions {
		f := formTime{What: "延期", At: w.at(x.AskedAt), Who: w.n.Person(x.AskedBy), Text: "申请延长 " + views.LimitName(x.UntilLimit) + "：" + x.Reason, Outcome: "待批"}
		if x.Granted != nil {
			f.Outcome = verdictOn(*x.Granted, "同意", "不同意") + "，" + w.n.Person(x.DecidedBy) + " " + w.maybe(x.DecidedAt)
		}
		out = append(out, f)
	}
	seen := map[time.Time]bool{}
	for _, d := range clocks {
		for _, p := range d.Pauses {
			if seen[p.From.UTC()] {
				continue
			}
			seen[p.From.UTC()] = true
			f := formTime{What: "挂账", At: w.at(p.From), Outcome: "挂账中"}
			if p.To != nil {
				f.Outcome = "于 " + w.at(*p.To) + " 恢复计时"
			}
			for _, word := range said {
				if word.Type == "case.suspended" && word.At.Equal(p.From) {
					f.Who, f.Text = w.n.Person(word.By), word.Text
				}
			}
			out = append(out, f)
		}
	}
	for _, x := range k.Appeals {
		f := formTime{What: "申诉", At: w.at(x.At), Who: w.n.Person(x.By), Text: x.Reason, Outcome: "待裁定"}
		if n := len(x.Decisions); n > 0 {
			last := x.Decisions[n-1]
			f.Outcome = verdictOn(last.Upheld, "成立，免责", "不成立") + "，" + w.n.Post(string(last.Cell)) + " " + w.n.Person(last.By) + " " + w.at(last.At)
		}
		out = append(out, f)
	}
	return out
}

func verdictOn(yes bool, granted, refused string) string {
	if yes {
		return granted
	}
	return refused
}

// missed is who should have found it earlier, level by level.
func (w formWriter) missed(duties []views.MissedDuty) []formMissed {
	out := make([]formMissed, len(duties))
	for i, m := range duties {
		out[i] = formMissed{What: views.WhatName(m.What), Cell: w.n.Post(string(m.Cell)), Period: periodText(m.Period), Required: m.Required, Done: m.Done, Short: m.Short,
			Who: w.who(views.Answering{Person: m.Person, Role: m.Role}), Chain: chainText(w.n, m.Programme, inCharge(m.Chain))}
		if m.StandIn {
			out[i].Who += " 代行"
		}
		if i > 0 && out[i-1].Chain == out[i].Chain {
			out[i-1].Chain = "" // it stands under both
		}
	}
	return out
}

// ditto writes a text that is the same as the last one short.
type ditto string

func (d *ditto) next(text string) string {
	switch text {
	case "":
		return ""
	case string(*d):
		return "同上"
	}
	*d = ditto(text)
	return text
}

// toldElsewhere is what stands in another place of the form.
var toldElsewhere = map[string]bool{"case.reported": true, "case.escalated": true, "case.escalation_acknowledged": true, "case.extension_requested": true,
	"case.suspended": true, "case.appealed": true}

// said is what was said, in short: the last lines of it, and how many came before.
func (w formWriter) said(words []views.Said) (out []formSaid, more int) {
	for _, word := range words {
		if !toldElsewhere[word.Type] {
			out = append(out, formSaid{What: views.FactName(word.Type), At: w.at(word.At), Who: w.n.Person(word.By), Text: inShort(word.Text)})
		}
	}
	more = max(0, len(out)-mostSaid)
	return out[more:], more
}

// inShort cuts a text.
func inShort(text string) string {
	if utf8.RuneCountInString(text) <= shortText {
		return text
	}
	return string([]rune(text)[:shortText]) + "…"
}
