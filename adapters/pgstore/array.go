package pgstore

import "encoding/binary"

// Types of the server's, by their numbers in its catalogue.
const (
	oidBytes = 17
	oidInt8  = 20
	oidInt4  = 23
	oidText  = 25
	oidUUID  = 2950
)

// array is one column of many rows on its way to the server: the binary form of an array of one dimension. Written
// straight into it, a batch costs no value of its own per field.
type array struct {
	oid uint32
	b   []byte
	n   uint32
}

// arrayHead is the length of what stands before the elements: dimensions, a flag for NULLs, the elements' type, their
// number, and the first one's index.
const arrayHead = 20

func (a *array) reset() {
	if a.b == nil {
		a.b = make([]byte, arrayHead, 4096)
	}
	a.b, a.n = a.b[:arrayHead], 0
	clear(a.b)
	binary.BigEndian.PutUint32(a.b, 1)
	binary.BigEndian.PutUint32(a.b[8:], a.oid)
	binary.BigEndian.PutUint32(a.b[16:], 1)
}

// value is the array so far; it is good until the next element.
func (a *array) value() []byte {
	binary.BigEndian.PutUint32(a.b[12:], a.n)
	return a.b
}

func (a *array) size(n int) {
	a.n++
	a.b = binary.BigEndian.AppendUint32(a.b, uint32(n)) //nolint:gosec // bounded by checkStorable
}

func (a *array) int4(v int) {
	a.size(4)
	a.b = binary.BigEndian.AppendUint32(a.b, uint32(v)) //nolint:gosec // bounded by checkStorable
}

func (a *array) int8(v int64) {
	a.size(8)
	a.b = binary.BigEndian.AppendUint64(a.b, uint64(v)) //nolint:gosec // the server's numbers are signed
}

func (a *array) text(s string) {
	a.size(len(s))
	a.b = append(a.b, s...)
}

func (a *array) bytes(b []byte) {
	a.size(len(b))
	a.b = append(a.b, b...)
}

// number is the binary form of a bigint.
func number(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) } //nolint:gosec // likewise

// numberOf reads one.
func numberOf(b []byte) int64 {
	if len(b) != 8 {
		return 0 // NULL, which no query here gives
	}
	return int64(binary.BigEndian.Uint64(b)) //nolint:gosec // likewise
}
