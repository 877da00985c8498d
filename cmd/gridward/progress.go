package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"gridward/app"
)

// progress draws a bar for work that is done up to a position of the log.
func progress(w io.Writer, what string) func(done, total app.Position) {
	bar := newBar(w, what)
	return func(done, total app.Position) {
		if total == 0 {
			return
		}
		bar.ChangeMax64(int64(total))
		_ = bar.Set64(int64(done)) // a bar that cannot be drawn is no reason to stop
	}
}

// counted draws a bar for work that is done piece by piece.
func counted(w io.Writer, what string) func(done, total int) {
	bar := progress(w, what)
	return func(done, total int) { bar(app.Position(max(done, 0)), app.Position(max(total, 0))) }
}

func newBar(w io.Writer, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionSetWidth(30), progressbar.OptionOnCompletion(func() { _, _ = io.WriteString(w, "\n") }))
}
