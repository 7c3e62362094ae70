package queue

import (
	"fmt"
	"log/slog"
)

// logger passes asynq's lines on. Fatal does not exit: only main does.
type logger struct{ log *slog.Logger }

func (l logger) Debug(args ...any) { l.log.Debug("queue library", "text", fmt.Sprint(args...)) }
func (l logger) Info(args ...any)  { l.log.Debug("queue library", "text", fmt.Sprint(args...)) }
func (l logger) Warn(args ...any)  { l.log.Warn("queue library", "text", fmt.Sprint(args...)) }
func (l logger) Error(args ...any) { l.log.Error("queue library", "text", fmt.Sprint(args...)) }
func (l logger) Fatal(args ...any) { l.log.Error("queue library", "text", fmt.Sprint(args...)) }
