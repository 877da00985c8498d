package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"gridward/app"
)

// progress draws a bar for work that is done up to a position of the log; where nobody watches (a file, CI) it
// writes a line at every tenth instead.
func progress(w io.Writer, what string) func(done, total app.Position) {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return tenths(w, what)
	}
	bar := newBar(w, what)
	return func(done, total app.Position) {
		if total == 0 {
			return
		}
		bar.ChangeMax64(int64(total))
		_ = bar.Set64(int64(done)) // a bar that cannot be drawn is no reason to stop
	}
}

func tenths(w io.Writer, what string) func(done, total app.Position) {
	told := app.Position(0)
	return func(done, total app.Position) {
		if total == 0 || done*10/total <= told {
			return
		}
		told = done * 10 / total
		_, _ = fmt.Fprintf(w, "%s: %d%%\n", what, told*10) // a line that cannot be written is no reason to stop
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
