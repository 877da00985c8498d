package patrol_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gridward/domain/patrol"
)

func TestShare(t *testing.T) {
	for _, tc := range []struct {
		name string
		n    int
		days []int
		want []int
	}{
		{"one holder has it all", 5, []int{28}, []int{5}},
		{"it divides evenly", 6, []int{10, 20}, []int{2, 4}},
		{"the larger remainder", 5, []int{16, 12}, []int{3, 2}}, // 2.86 and 2.14
		{"between equals the later", 5, []int{14, 14}, []int{2, 3}},
		{"and the later of three", 1, []int{7, 7, 7}, []int{0, 0, 1}},
		{"two left over of three", 2, []int{7, 7, 7}, []int{0, 1, 1}},
		{"a day is too little", 5, []int{1, 27}, []int{0, 5}},          // 0.18 and 4.82
		{"or just enough", 20, []int{1, 27}, []int{1, 19}},             // 0.71 and 19.29
		{"a long time ago or not", 4, []int{20, 4, 4}, []int{3, 0, 1}}, // 2.86, 0.57, 0.57
		{"no days, no share", 3, []int{0, 28, 0}, []int{0, 3, 0}},
		{"nobody had a day", 3, []int{0, 0}, []int{0, 0}},
		{"nothing to share", 0, []int{14, 14}, []int{0, 0}},
		{"among nobody", 3, nil, []int{}},
	} {
		if got := patrol.Share(tc.n, tc.days); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %d by %v is %v, want %v", tc.name, tc.n, tc.days, got, tc.want)
		}
	}
}

// shareLaws: together it is n, each is within one of the exact share, more days are no smaller share, equal ones go
// to the later, and no days are none.
func shareLaws(t *testing.T, n int, days []int) {
	t.Helper()
	total, sum := 0, 0
	for _, d := range days {
		total += d
	}
	got := patrol.Share(n, days)
	if len(got) != len(days) {
		t.Fatalf("%d by %v is %v", n, days, got)
	}
	for i, d := range days {
		sum += got[i]
		if off := got[i]*total - n*d; off <= -max(total, 1) || off >= max(total, 1) {
			t.Fatalf("%d by %v is %v: the share of %d is not within one of %d/%d", n, days, got, i, n*d, total)
		}
		for j := range i {
			if days[j] > d && got[j] < got[i] || days[j] < d && got[j] > got[i] {
				t.Fatalf("%d by %v is %v: more days, a smaller share", n, days, got)
			}
			if days[j] == d && got[j] > got[i] {
				t.Fatalf("%d by %v is %v: equal days, and the earlier has more", n, days, got)
			}
		}
	}
	if total > 0 && sum != n || total == 0 && sum != 0 {
		t.Fatalf("%d by %v is %v, together %d", n, days, got, sum)
	}
}

func TestShareLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		days := make([]int, r.IntN(7))
		for i := range days {
			days[i] = r.IntN(32)
		}
		shareLaws(t, r.IntN(41), days)
	}
}

func FuzzShare(f *testing.F) {
	f.Add(uint16(5), []byte{14, 14})
	f.Add(uint16(4), []byte{3, 1, 3})
	f.Add(uint16(0), []byte{})
	f.Fuzz(func(t *testing.T, n uint16, lengths []byte) {
		days := make([]int, min(len(lengths), 100))
		for i := range days {
			days[i] = int(lengths[i])
		}
		shareLaws(t, int(n), days)
	})
}
