package calendar

import (
	"fmt"
	"time"

	"gridward/domain/fault"
)

// Bounds of a definition: far beyond any real one, and small enough that every calendar is quick to make ready.
const (
	maxSeasons = 12
	maxPeriods = 6 // of a season
	firstYear  = 1900
	lastYear   = 2199
)

// Validate says everything that is wrong with a definition, by path ("years[0].days[3].date") and reason; nothing
// when it is sound. The version is not looked at: publishing sets it; nor is what it corrects.
func Validate(d Definition) fault.Fields {
	var bad fault.Fields
	bad.Text("name", d.Name, 200)
	if !knownZone(d.Zone) {
		bad.Add("zone", "must be the name of a time zone such as Asia/Shanghai")
	}
	if n := len(d.Seasons); n < 1 || n > maxSeasons {
		bad.Add("seasons", "must be 1 to %d", maxSeasons)
	} else {
		validateSeasons(&bad, d.Seasons)
	}
	if len(d.Years) > lastYear-firstYear+1 {
		bad.Add("years", "are too many")
	} else {
		validateYears(&bad, d.Years)
	}
	return bad
}

// knownZone wants a name that means the same on every machine.
func knownZone(name string) bool {
	if name == "" || name == "Local" || len(name) > 100 {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

func validateSeasons(bad *fault.Fields, seasons []Season) {
	covered := map[time.Time]int{}
	sound := true
	for i, s := range seasons {
		path := fmt.Sprintf("seasons[%d]", i)
		for _, end := range []struct{ path, date string }{{path + ".from", s.From}, {path + ".to", s.To}} {
			if _, ok := parseDate("2000-" + end.date); !ok {
				bad.Add(end.path, "must be a day of the year such as 02-29")
				sound = false
			}
		}
		for date := range s.days() {
			covered[date]++
		}
		if n := len(s.Periods); n < 1 || n > maxPeriods {
			bad.Add(path+".periods", "must be 1 to %d", maxPeriods)
		} else {
			validatePeriods(bad, path, s.Periods)
		}
	}
	if !sound {
		return
	}
	for date := range (Season{From: "01-01", To: "12-31"}).days() {
		if n := covered[date]; n != 1 {
			bad.Add("seasons", "must cover every day of the year once, but %s is in %d of them", date.Format("01-02"), n)
			return
		}
	}
}

func validatePeriods(bad *fault.Fields, path string, periods []Period) {
	var until int64
	for i, p := range periods {
		path := fmt.Sprintf("%s.periods[%d]", path, i)
		from, okFrom := parseTime(p.From)
		if !okFrom || from == day {
			bad.Add(path+".from", "must be a time of day such as 08:00")
		}
		to, okTo := parseTime(p.To)
		if !okTo {
			bad.Add(path+".to", "must be a time of day such as 18:00, or 24:00")
		}
		if !okFrom || !okTo {
			return
		}
		if from < until {
			bad.Add(path+".from", "must not lie before the end of the period before it")
		}
		if to <= from {
			bad.Add(path+".to", "must lie after its beginning")
		}
		until = to
	}
}

func validateYears(bad *fault.Fields, years []Year) {
	listed := map[time.Time]string{}
	known := map[int]bool{}
	for i, y := range years {
		path := fmt.Sprintf("years[%d]", i)
		if y.Year < firstYear || y.Year > lastYear {
			bad.Add(path+".year", "must be %d to %d", firstYear, lastYear)
		}
		if known[y.Year] {
			bad.Add(path+".year", "is there twice")
		}
		known[y.Year] = true
		bad.AtMost(path+".source", y.Source, 500)
		if len(y.Days) > 31+366 {
			bad.Add(path+".days", "are too many")
			continue
		}
		for j, d := range y.Days {
			path := fmt.Sprintf("%s.days[%d]", path, j)
			bad.Text(path+".name", d.Name, 100)
			date, ok := parseDate(d.Date)
			switch {
			case !ok:
				bad.Add(path+".date", "must be a date such as 2026-02-14")
				continue
			case !y.holds(date):
				bad.Add(path+".date", "must lie in %d or in the December before it", y.Year)
			case listed[date] != "":
				bad.Add(path+".date", "is there twice, first as %s", listed[date])
			}
			listed[date] = path
		}
	}
}

// holds reports whether a year's list may name the date: the notice of a year settles its New Year, which may begin
// in the December before (2022-12-31 is a day off by the notice for 2023).
func (y Year) holds(date time.Time) bool {
	return date.Year() == y.Year || date.Year() == y.Year-1 && date.Month() == time.December
}
