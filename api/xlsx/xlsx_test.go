package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func rows(of ...[]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, r := range of {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// reread writes sheets and reads the file again.
func reread(t *testing.T, most int, sheets ...Sheet) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, t.TempDir(), most, sheets); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

var cst = time.FixedZone("CST", 8*3600)

// What each kind of value becomes: its type in the file, its style's format, and what a reader sees.
func TestCells(t *testing.T) {
	at := time.Date(2026, 2, 10, 9, 5, 7, 0, cst)
	table := []struct {
		name  string
		value any
		kind  excelize.CellType
		seen  string
	}{
		{"a cell code of 19 digits keeps them", "4101040010010010001", excelize.CellTypeInlineString, "4101040010010010001"},
		{"a code with a leading zero", "007", excelize.CellTypeInlineString, "007"},
		{"Chinese", "灭火器过期", excelize.CellTypeInlineString, "灭火器过期"},
		{"a formula is a text", `=HYPERLINK("http://x","y")`, excelize.CellTypeInlineString, `=HYPERLINK("http://x","y")`},
		{"plus", "+1", excelize.CellTypeInlineString, "+1"},
		{"minus", "-1", excelize.CellTypeInlineString, "-1"},
		{"at", "@SUM(A1)", excelize.CellTypeInlineString, "@SUM(A1)"},
		{"full width", "＝1+1", excelize.CellTypeInlineString, "＝1+1"},
		{"markup", "<a>&\"", excelize.CellTypeInlineString, "<a>&\""},
		{"what XML cannot hold", "a\x00b\x0bc\xff", excelize.CellTypeInlineString, "abc"},
		{"lines", "一\n二", excelize.CellTypeInlineString, "一\n二"},
		{"a list", []string{"张三", "李四"}, excelize.CellTypeInlineString, "张三、李四"},
		{"yes", true, excelize.CellTypeInlineString, "是"},
		{"no", false, excelize.CellTypeInlineString, "否"},
		{"a number", 42, excelize.CellTypeUnset, "42"},
		{"an instant, on its own wall clock", at, excelize.CellTypeUnset, "2026-02-10 09:05:07"},
		{"an instant that may be absent", &at, excelize.CellTypeUnset, "2026-02-10 09:05:07"},
		{"an absent instant", (*time.Time)(nil), excelize.CellTypeUnset, ""},
		{"an absent number", (*int)(nil), excelize.CellTypeUnset, ""},
		{"a day", Day("2026-02-14"), excelize.CellTypeUnset, "2026-02-14"},
		{"no day", Day("不详"), excelize.CellTypeInlineString, "不详"},
		{"not known", nil, excelize.CellTypeUnset, ""},
		{"anything else", map[string]any{"楼层": 3}, excelize.CellTypeInlineString, `{"楼层":3}`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			f := reread(t, maxRows, Sheet{"表", []string{"值"}, rows([]any{tt.value})})
			if kind, err := f.GetCellType("表", "A2"); err != nil || kind != tt.kind {
				t.Errorf("type %v, want %v (%v)", kind, tt.kind, err)
			}
			if seen, err := f.GetCellValue("表", "A2"); err != nil || seen != tt.seen {
				t.Errorf("%q, want %q (%v)", seen, tt.seen, err)
			}
			if formula, err := f.GetCellFormula("表", "A2"); err != nil || formula != "" {
				t.Errorf("formula %q (%v)", formula, err)
			}
		})
	}
}

// 2026-02-10 09:00 is the serial 46063.375: 46,063 days since 1899-12-30, and nine of 24 hours.
func TestDatesAreNumbers(t *testing.T) {
	f := reread(t, maxRows, Sheet{"表", []string{"时间", "日期"}, rows([]any{time.Date(2026, 2, 10, 9, 0, 0, 0, cst), Day("2026-02-10")})})
	for cell, want := range map[string]string{"A2": "46063.375", "B2": "46063"} {
		if got, err := f.GetCellValue("表", cell, excelize.Options{RawCellValue: true}); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", cell, got, want, err)
		}
	}
}

func TestHeadingsStayInSight(t *testing.T) {
	f := reread(t, maxRows, Sheet{"隐患台账", []string{"编号", "隐患描述"}, rows([]any{"1", strings.Repeat("隐患", 20)}, []any{"2", "短"})})
	panes, err := f.GetPanes("隐患台账")
	if err != nil || !panes.Freeze || panes.YSplit != 1 || panes.XSplit != 0 || panes.TopLeftCell != "A2" {
		t.Errorf("%+v (%v)", panes, err)
	}
	if h, err := f.GetCellValue("隐患台账", "B1"); err != nil || h != "隐患描述" {
		t.Errorf("heading %q (%v)", h, err)
	}
	// 编号 is 4 wide and 2 of air: less than the least; the description is 40 characters, 80 wide: more than the most.
	for col, want := range map[string]float64{"A": 8, "B": 60} {
		if w, err := f.GetColWidth("隐患台账", col); err != nil || w != want {
			t.Errorf("column %s is %v wide, want %v (%v)", col, w, want, err)
		}
	}
}

func TestAnEmptyTableHasItsHeadings(t *testing.T) {
	f := reread(t, maxRows, Sheet{"一", []string{"甲"}, rows()}, Sheet{"二", []string{"乙"}, rows()})
	if got := f.GetSheetList(); len(got) != 2 || got[0] != "一" || got[1] != "二" {
		t.Errorf("%v", got)
	}
	if h, err := f.GetCellValue("二", "A1"); err != nil || h != "乙" {
		t.Errorf("heading %q (%v)", h, err)
	}
}

// A worksheet of 4 rows holds a heading and 3 rows: 7 rows need three.
func TestALongTableGoesOnInAnotherWorksheet(t *testing.T) {
	var all [][]any
	for i := range 7 {
		all = append(all, []any{i, "长长长长长"})
	}
	f := reread(t, 4, Sheet{"台账", []string{"号", "注"}, rows(all...)})
	if got := f.GetSheetList(); fmt.Sprint(got) != "[台账 台账 2 台账 3]" {
		t.Fatalf("%v", got)
	}
	for sheet, want := range map[string]string{"台账": "[[号 注] [0 长长长长长] [1 长长长长长] [2 长长长长长]]",
		"台账 2": "[[号 注] [3 长长长长长] [4 长长长长长] [5 长长长长长]]", "台账 3": "[[号 注] [6 长长长长长]]"} {
		if got, err := f.GetRows(sheet); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s (%v)", sheet, got, want, err)
		}
		if w, err := f.GetColWidth(sheet, "B"); err != nil || w != 12 { // 长长长长长 is 10 wide
			t.Errorf("%s: column B is %v wide (%v)", sheet, w, err)
		}
	}
}

// Rows that end in an error leave nothing behind: no byte of the answer, no file.
func TestAnErrorComesBeforeTheFirstByte(t *testing.T) {
	broken := errors.New("the views went away")
	dir := t.TempDir()
	var out bytes.Buffer
	err := Write(&out, dir, Sheet{"表", []string{"值"}, func(yield func([]any, error) bool) {
		for i := range 1000 {
			if !yield([]any{i}, nil) {
				return
			}
		}
		yield(nil, broken)
	}})
	if !errors.Is(err, broken) || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// 60,000 rows of about 2.5 kB are 150 MB of XML; they are not in memory together.
func TestMemoryDoesNotGrowWithTheRows(t *testing.T) {
	text := strings.Repeat("=隐患 ", 300)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	dir := t.TempDir()
	counted := &counter{}
	err := Write(counted, dir, Sheet{"表", []string{"编号", "描述"}, func(yield func([]any, error) bool) {
		for i := range 60_000 {
			if i%10_000 == 9_999 {
				runtime.GC()
				runtime.ReadMemStats(&during)
				most = max(most, during.HeapAlloc)
			}
			if !yield([]any{i, text}, nil) {
				return
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 80<<20 {
		t.Errorf("%d MB more on the heap", grown>>20)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if counted.n == 0 {
		t.Error("nothing written")
	}
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

func TestTheFileIsAnArchive(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, t.TempDir(), Sheet{"表", []string{"值"}, rows([]any{"=1+1"})}); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := z.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(sheet)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "<f>") || !strings.Contains(string(raw), `t="inlineStr"><is><t>=1+1</t></is>`) {
		t.Errorf("%s", raw)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("长", 40)
	for _, tt := range []struct {
		name string
		part int
		want string
	}{
		{"检查台账", 1, "检查台账"},
		{"检查台账", 2, "检查台账 2"},
		{"a[b]:*?/\\'c", 1, "a(b)-----c"},
		{long, 1, strings.Repeat("长", 31)},
		{long, 12, strings.Repeat("长", 28) + " 12"},
	} {
		if got := nameOf(tt.name, tt.part); got != tt.want {
			t.Errorf("%q %d is %q, want %q", tt.name, tt.part, got, tt.want)
		}
	}
}
