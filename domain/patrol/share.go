package patrol

import (
	"cmp"
	"slices"
)

// Share divides n by days, in whole numbers: what is left over goes to the largest remainders, and between equal ones
// to the later. days are in the order of time; nothing is shared where there are none.
func Share(n int, days []int) []int {
	total := 0
	for _, d := range days {
		total += d
	}
	out := make([]int, len(days))
	if total == 0 {
		return out
	}
	left := n
	order := make([]int, len(days))
	for i, d := range days {
		out[i] = n * d / total
		left -= out[i]
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(n*days[b]%total, n*days[a]%total), cmp.Compare(b, a))
	})
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// shareNights divides the part of a count that has to lie in the night, by days too. It is a part of everybody's
// share: the largest remainder may give somebody one of 3 and none of 4, so what is more than their share goes to the
// latest who has room.
func shareNights(n int, days, shares []int) []int {
	out := Share(n, days)
	over := 0
	for i := range out {
		over += max(0, out[i]-shares[i])
		out[i] = min(out[i], shares[i])
	}
	for i := len(out) - 1; over > 0; i-- {
		room := min(over, shares[i]-out[i])
		out[i], over = out[i]+room, over-room
	}
	return out
}
