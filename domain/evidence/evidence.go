// Package evidence is what was seen and where: files named by their hash, and a place on the map (证据、定位).
package evidence

import (
	"encoding/hex"
	"strconv"

	"gridward/domain/fault"
)

// File names one piece of evidence. The bytes live elsewhere; the hash makes the name unforgeable.
type File struct {
	SHA256    string `json:"sha256"` // lower-case hex
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`            // bytes
	Phase     string `json:"phase,omitempty"` // before, after, other; empty is other
}

// The phases of a rectification a file can show.
const (
	Before = "before"
	After  = "after"
	Other  = "other"
)

// Location is a place: WGS 84 degrees, and how sure the device was, in metres.
type Location struct {
	Lon       float64 `json:"lon"`
	Lat       float64 `json:"lat"`
	AccuracyM float64 `json:"accuracy_m,omitempty"`
}

// Check notes what is wrong with the files, under the field's name.
func Check(bad *fault.Fields, field string, files []File) {
	for i, f := range files {
		at := field + "." + strconv.Itoa(i)
		if raw, err := hex.DecodeString(f.SHA256); err != nil || len(raw) != 32 {
			bad.Add(at+".sha256", "is not a SHA-256 in hex")
		}
		bad.Require(at+".media_type", f.MediaType)
		if f.Size < 0 {
			bad.Add(at+".size", "is negative")
		}
		switch f.Phase {
		case "", Before, After, Other:
		default:
			bad.Add(at+".phase", "is not one of before, after, other")
		}
	}
}

// Has reports whether there is a file of that phase.
func Has(files []File, phase string) bool {
	for _, f := range files {
		if f.Phase == phase {
			return true
		}
	}
	return false
}

// Check notes what is wrong with the place, under the field's name; a nil place is right.
func (l *Location) Check(bad *fault.Fields, field string) {
	if l == nil {
		return
	}
	if l.Lon < -180 || l.Lon > 180 {
		bad.Add(field+".lon", "is not between -180 and 180")
	}
	if l.Lat < -90 || l.Lat > 90 {
		bad.Add(field+".lat", "is not between -90 and 90")
	}
	if l.AccuracyM < 0 {
		bad.Add(field+".accuracy_m", "is negative")
	}
}
