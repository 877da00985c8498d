package calendar

import (
	"slices"
	"strings"
	"time"
)

// Builtin is the calendar the product ships: the State Council's days off and make-up working days as far as they
// are published, and eight hours a day all year round.
func Builtin() Definition {
	return Definition{
		Name: "国务院节假日安排",
		Zone: "Asia/Shanghai",
		Seasons: []Season{{From: "01-01", To: "12-31", Periods: []Period{
			{From: "08:00", To: "12:00"}, {From: "14:00", To: "18:00"},
		}}},
		Years: stateCouncil(),
	}
}

// stateCouncil is what the State Council's notices of public holidays say (国务院办公厅关于部分节假日安排的通知).
func stateCouncil() []Year {
	return []Year{
		notice(2023, "http://www.gov.cn/zhengce/zhengceku/2022-12/08/content_5730844.htm",
			holiday("元旦", "2022-12-31", 3),
			holiday("春节", "2023-01-21", 7, "2023-01-28", "2023-01-29"),
			holiday("清明节", "2023-04-05", 1),
			holiday("劳动节", "2023-04-29", 5, "2023-04-23", "2023-05-06"),
			holiday("端午节", "2023-06-22", 3, "2023-06-25"),
			holiday("中秋节、国庆节", "2023-09-29", 8, "2023-10-07", "2023-10-08"),
		),
		notice(2024, "https://www.gov.cn/zhengce/zhengceku/202310/content_6911528.htm",
			holiday("元旦", "2024-01-01", 1),
			holiday("春节", "2024-02-10", 8, "2024-02-04", "2024-02-18"),
			holiday("清明节", "2024-04-04", 3, "2024-04-07"),
			holiday("劳动节", "2024-05-01", 5, "2024-04-28", "2024-05-11"),
			holiday("端午节", "2024-06-10", 1),
			holiday("中秋节", "2024-09-15", 3, "2024-09-14"),
			holiday("国庆节", "2024-10-01", 7, "2024-09-29", "2024-10-12"),
		),
		notice(2025, "https://www.gov.cn/zhengce/zhengceku/202411/content_6986383.htm",
			holiday("元旦", "2025-01-01", 1),
			holiday("春节", "2025-01-28", 8, "2025-01-26", "2025-02-08"),
			holiday("清明节", "2025-04-04", 3),
			holiday("劳动节", "2025-05-01", 5, "2025-04-27"),
			holiday("端午节", "2025-05-31", 3),
			holiday("国庆节、中秋节", "2025-10-01", 8, "2025-09-28", "2025-10-11"),
		),
		notice(2026, "https://www.gov.cn/zhengce/zhengceku/202511/content_7047091.htm",
			holiday("元旦", "2026-01-01", 3, "2026-01-04"),
			holiday("春节", "2026-02-15", 9, "2026-02-14", "2026-02-28"),
			holiday("清明节", "2026-04-04", 3),
			holiday("劳动节", "2026-05-01", 5, "2026-05-09"),
			holiday("端午节", "2026-06-19", 3),
			holiday("国庆节", "2026-10-01", 7, "2026-09-20", "2026-10-10"),
			holiday("中秋节", "2026-09-25", 3),
		),
	}
}

func notice(year int, source string, holidays ...[]Day) Year {
	days := slices.Concat(holidays...)
	slices.SortFunc(days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	return Year{Year: year, Source: source, Days: days}
}

// holiday is so many days off in a row, and the days worked to make up for them.
func holiday(name, from string, days int, makeUp ...string) []Day {
	var out []Day
	date, _ := parseDate(from)
	for range days {
		out = append(out, Day{Date: date.Format(time.DateOnly), Name: name, Off: true})
		date = date.AddDate(0, 0, 1)
	}
	for _, worked := range makeUp {
		out = append(out, Day{Date: worked, Name: name})
	}
	return out
}
