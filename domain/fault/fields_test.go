package fault_test

import (
	"reflect"
	"testing"

	"gridward/domain/fault"
)

func TestFieldsCollectWhatIsWrong(t *testing.T) {
	var bad fault.Fields
	bad.Require("a", "x")
	bad.AtMost("b", "网格网格", 4) // characters, not bytes
	bad.Text("c", "网格", 4)
	if err := bad.Err(); err != nil {
		t.Errorf("nothing is wrong, but it says %v", err)
	}
	bad.Require("a", "")
	bad.AtMost("b", "网格网格员", 4)
	bad.Text("c", " \t", 4)
	bad.Text("d", "网格网格员", 4)
	want := fault.Fields{{Field: "a", Reason: "is required"}, {Field: "b", Reason: "is longer than 4 characters"},
		{Field: "c", Reason: "is required"}, {Field: "d", Reason: "is longer than 4 characters"}}
	if !reflect.DeepEqual(bad, want) {
		t.Errorf("got %+v, want %+v", bad, want)
	}
	if f, ok := fault.As(bad.Err()); !ok || f.Kind != fault.Invalid {
		t.Errorf("got %v", bad.Err())
	}
}
