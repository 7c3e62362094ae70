//go:build ignore

// Package main is a compiled action: Main is its entry point. The runtime
// compiles it at the first call; the line above only keeps the tools of this
// repository from taking it for a program of theirs.
package main

import "fmt"

// Main returns the n-th Fibonacci number.
func Main(args map[string]any) map[string]any {
	n, _ := args["n"].(float64)
	if n < 0 || n > 90 {
		return map[string]any{"error": "n must be from 0 to 90"}
	}
	a, b := 0, 1
	for range int(n) {
		a, b = b, a+b
	}
	fmt.Println("computed fibonacci of", int(n))
	return map[string]any{"fibonacci": a}
}
