// Command esccard makes and reads the numbers, identifiers, codes and seals of
// European student cards. Run it with -h.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
