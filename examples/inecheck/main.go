// Command inecheck judges INE numbers, one a line or in a column of a CSV file,
// and prints one JSON object for each. Run it with -h.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
