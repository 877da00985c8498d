package views

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sort"
	"strings"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// record is one line of a ledger whose columns are those of its table.
type record struct {
	id, cell, cellName, programme, kind string
	us                                  int64     // when it was, microseconds; 0 where the ledger has no time
	at                                  time.Time // the same
	texts                               []string
	numbers                             []int
	times                               []*time.Time
}

// ownTable is a ledger that has a table of its own: the columns of a record's fixed part, then more texts, numbers
// and times, in this order.
type ownTable struct {
	table, id, kind, at   string
	texts, numbers, times []string
	revised               bool // there is a row for each state of a thing
}

func (t ownTable) source() source[record] {
	fixed := []string{t.id, "g.code", "g.name", "t.programme", t.kind, t.at}
	columns := slices.Concat(fixed, t.texts, t.numbers, t.times)
	return source[record]{
		query: `SELECT ` + strings.Join(columns, ", ") + ` FROM cells g CROSS JOIN ` + t.table + ` t`,
		cell:  "g.code", of: "t.cell", programme: "t.programme", at: t.at, id: t.id,
		narrow: func(w *where, f LedgerFilter) {
			if t.revised {
				w.known("t.", f.AsOf)
			} else {
				w.recorded("t.", f.AsOf)
			}
		},
		key: func(c *record) (grid.CellCode, int64, string) { return grid.CellCode(c.cell), c.us, c.id },
		scan: func(v *Views, r *sql.Rows) (record, error) {
			c := record{texts: make([]string, len(t.texts)), numbers: make([]int, len(t.numbers))}
			times := make([]sql.NullInt64, len(t.times))
			into := []any{&c.id, &c.cell, &c.cellName, &c.programme, &c.kind, &c.us}
			for i := range c.texts {
				into = append(into, &c.texts[i])
			}
			for i := range c.numbers {
				into = append(into, &c.numbers[i])
			}
			for i := range times {
				into = append(into, &times[i])
			}
			if err := r.Scan(into...); err != nil {
				return c, err
			}
			c.at = v.at(c.us)
			for _, at := range times {
				c.times = append(c.times, v.maybeAt(at))
			}
			return c, nil
		},
	}
}

type rec = *record

func text(key, heading string, names map[string]string, i int) field[record] {
	return col(key, heading, names, func(r rec) any { return r.texts[i] })
}

func number(key, heading string, i int) field[record] {
	return col(key, heading, nil, func(r rec) any { return r.numbers[i] })
}

func moment(key, heading string, i int) field[record] {
	return col(key, heading, nil, func(r rec) any { return r.times[i] })
}

// fixed is the columns every record begins with.
func fixed(id, idHeading string) []field[record] {
	return []field[record]{
		col(id, idHeading, nil, func(r rec) any { base, _, _ := strings.Cut(r.id, "/"); return base }),
		col("cell", "网格编码", nil, func(r rec) any { return r.cell }),
		col("cell_name", "网格名称", nil, func(r rec) any { return r.cellName }),
		col("programme", "业务条线", nil, func(r rec) any { return r.programme }).of(holdsProgramme),
	}
}

func activitiesBook() book {
	t := ownTable{table: "activities", id: "t.id", kind: "t.kind", at: "t.held_at", texts: []string{"t.title", "t.minutes", "t.participants"}}
	return bookOf("活动台账", t.source(), append(fixed("id", "编号"),
		col("kind", "活动类型", activityNames, func(r rec) any { return r.kind }),
		col("held_at", "时间", nil, func(r rec) any { return r.at }),
		text("title", "主题", nil, 0),
		text("minutes", "内容纪要", nil, 1),
		col("participants", "参加人员", nil, func(r rec) any {
			if r.texts[2] == "" {
				return []string{}
			}
			return strings.Split(r.texts[2], "、")
		}).of(holdsPerson))...)
}

// expiringDays is how long before its last day equipment is called expiring.
const expiringDays = 30

// standing says how equipment stands on a day: in_use, expiring, expired or retired. The last day is valid itself.
func (r *record) standing(today string) string {
	until := r.texts[1]
	soon := ""
	if day, err := time.Parse(time.DateOnly, today); err == nil {
		soon = day.AddDate(0, 0, expiringDays).Format(time.DateOnly)
	}
	switch {
	case r.times[0] != nil:
		return "retired"
	case until == "" || until > soon:
		return "in_use"
	case until < today:
		return "expired"
	default:
		return "expiring"
	}
}

func equipmentBook(today string) book {
	t := ownTable{table: "equipment", id: "t.id", kind: "t.kind", at: "0",
		texts:   []string{"t.bought_on", "t.valid_until", "t.serviced_on", "t.place", "t.note", "t.retired_reason"},
		numbers: []string{"t.quantity"}, times: []string{"t.retired_at"}, revised: true}
	return bookOf("器材装备台账", t.source(), append(fixed("id", "编号"),
		col("kind", "器材种类", nil, func(r rec) any { return r.kind }),
		number("quantity", "数量", 0),
		col("standing", "状态", standingNames, func(r rec) any { return r.standing(today) }),
		text("bought_on", "购置日期", nil, 0),
		text("valid_until", "有效期至", nil, 1),
		text("serviced_on", "维保日期", nil, 2),
		text("place", "存放位置", nil, 3),
		text("note", "备注", nil, 4),
		moment("retired_at", "停用时间", 0),
		text("retired_reason", "停用原因", nil, 5))...)
}

func forcesBook() book {
	t := ownTable{table: "forces", id: "t.id", kind: "t.kind", at: "0",
		texts: []string{"t.name", "t.leader", "t.phone", "t.equipment", "t.content"}, numbers: []string{"t.headcount"}}
	return bookOf("力量与预案台账", t.source(), append(fixed("id", "编号"),
		col("kind", "类别", forceNames, func(r rec) any { return r.kind }),
		text("name", "名称", nil, 0),
		number("headcount", "人数", 0),
		text("leader", "负责人", nil, 1),
		text("phone", "联系电话", nil, 2),
		text("equipment", "装备", nil, 3),
		text("content", "预案内容", nil, 4))...)
}

func transfersBook() book {
	t := ownTable{table: "transfers", id: "t.case_id || '/' || t.version", kind: "t.authority", at: "t.at",
		texts: []string{"t.document_no", "t.note", "t.office", "t.made_by", "t.reply_no", "t.outcome"}, times: []string{"t.replied_at", "t.reply_recorded_at"}}
	src := t.source()
	src.retell = func(_ context.Context, _ *Views, r rec, asOf time.Time) error {
		if known := r.times[1]; known == nil || known.After(asOf) {
			r.texts[4], r.texts[5], r.times[0] = "", "", nil
		}
		return nil
	}
	return bookOf("移交台账", src, append(fixed("case", "案件编号"),
		col("authority", "移交单位", nil, func(r rec) any { return r.kind }),
		text("document_no", "文书编号", nil, 0),
		text("note", "移交内容", nil, 1),
		text("office", "移交网格", nil, 2).of(holdsPost),
		text("made_by", "移交人", nil, 3).of(holdsPerson),
		col("transferred_at", "移交时间", nil, func(r rec) any { return r.at }),
		moment("replied_at", "答复时间", 0),
		text("reply_document_no", "答复文号", nil, 4),
		text("outcome", "处理结果", nil, 5))...)
}

func ratingsBook() book {
	t := ownTable{table: "ratings", id: "t.case_id || '/' || t.round", kind: "t.rating", at: "t.closed_at",
		texts:   []string{"t.item", "t.severity", "t.holder", "t.person", "t.office", "t.made_by", "t.note"},
		numbers: []string{"t.round", "t.rework_count"}}
	return bookOf("评价台账", t.source(), append(fixed("case", "案件编号"),
		text("item", "事项", nil, 0).of(holdsItem),
		text("severity", "隐患等级", severityNames, 1),
		number("round", "轮次", 0),
		col("rating", "评价", ratingNames, func(r rec) any { return r.kind }),
		text("holder", "责任单位", nil, 2).of(holdsPost),
		text("holder_person", "责任人", nil, 3).of(holdsPerson),
		number("rework_count", "返工次数", 1),
		text("office", "结案网格", nil, 4).of(holdsPost),
		text("made_by", "评价人", nil, 5).of(holdsPerson),
		text("note", "评语", nil, 6),
		col("closed_at", "结案时间", nil, func(r rec) any { return r.at }))...)
}

// premisesBook is the premises (level 5) with the fields the programme asks for. With a programme it holds those
// that have a class there, and those without a class anywhere; without one, all of them with all their fields.
func premisesBook() book {
	const title = "单位场所台账"
	src := source[Cell]{
		listing: title,
		query:   `SELECT c.body FROM cells c`, cell: "c.code", at: "0", id: "c.code",
		narrow: func(w *where, f LedgerFilter) {
			w.and("c.level = 5")
			w.recorded("c.", f.AsOf)
			if f.Programme != "" {
				w.classedIn(f.Programme, f.AsOf)
			}
		},
		key:  func(c *Cell) (grid.CellCode, int64, string) { return c.Code, 0, string(c.Code) },
		scan: func(_ *Views, r *sql.Rows) (Cell, error) { return scanBody[Cell](r) },
		retell: func(ctx context.Context, v *Views, c *Cell, asOf time.Time) (err error) {
			*c, _, err = v.cellAsOf(ctx, c.Code, asOf)
			return err
		},
	}
	return book{
		title:   title,
		columns: premisesColumns,
		page: func(ctx context.Context, v *Views, columns []Column, cell grid.CellCode, f LedgerFilter, p Paging) (Page[Row], error) {
			return src.page(ctx, v, cell, f, p, func(c *Cell) Row { return premisesRow(columns, c, f.Programme) })
		},
	}
}

// classedIn narrows to the cells that had a class in the programme at an instant (zero: now), or none in any.
func (w *where) classedIn(programme string, asOf time.Time) {
	had, at := "k.end_recorded_at IS NULL", []any{}
	if !asOf.IsZero() {
		had, at = "k.recorded_at <= ? AND (k.end_recorded_at IS NULL OR k.end_recorded_at > ?)", []any{micros(asOf), micros(asOf)}
	}
	w.and(`(EXISTS (SELECT 1 FROM class_spans k WHERE k.cell = c.code AND k.programme = ? AND `+had+`)
OR NOT EXISTS (SELECT 1 FROM class_spans k WHERE k.cell = c.code AND `+had+`))`, slices.Concat([]any{programme}, at, at)...)
}

var premisesFixed = []Column{
	{Key: "code", Heading: "网格编码"}, {Key: "name", Heading: "单位场所名称"}, {Key: "parent", Heading: "所属网格", Holds: holdsPost},
	{Key: "class", Heading: "类别"}, {Key: "retired", Heading: "已注销"},
}

// premisesColumns is the fixed columns, then the programme's premises fields; without a programme, all attributes in
// one. A field that has the name of a fixed column is not repeated.
func premisesColumns(ctx context.Context, v *Views, f LedgerFilter) ([]Column, error) {
	columns := slices.Clone(premisesFixed)
	if f.Programme == "" {
		return append(columns, Column{Key: "attributes", Heading: "登记信息"}), nil
	}
	p, err := v.programmeThen(ctx, f.Programme, f.AsOf)
	var missing *fault.Error
	if errors.As(err, &missing) && missing.Kind == fault.NotFound {
		return append(columns, Column{Key: "attributes", Heading: "登记信息"}), nil
	}
	if err != nil {
		return nil, err
	}
	classes := map[string]string{}
	for _, c := range p.Classes {
		classes[c.Code] = c.Name
	}
	columns[3].Names = classes
	for _, field := range p.PremisesFields {
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Key == field.Name }) {
			columns = append(columns, Column{Key: field.Name, Heading: field.Label})
		}
	}
	return columns, nil
}

func premisesRow(columns []Column, c *Cell, programme string) Row {
	class := c.Classes[programme]
	if programme == "" {
		var all []string
		for p, k := range c.Classes {
			all = append(all, p+":"+k)
		}
		sort.Strings(all)
		class = strings.Join(all, "、")
	}
	values := []any{string(c.Code), c.Name, string(c.Parent), class, c.Retired}
	for _, column := range columns[len(premisesFixed):] {
		if column.Key == "attributes" {
			values = append(values, c.Attributes)
			continue
		}
		values = append(values, c.Attributes[column.Key])
	}
	return Row{columns, values}
}
