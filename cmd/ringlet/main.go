// Command ringlet gives every coding-agent profile its own LLM routing proxy,
// run by the operating system's own init system.
package main

import (
	"os"

	"github.com/ringlet/ringlet/internal/cli"
)

func main() { os.Exit(cli.Main()) }
