// Command rentree is the flagship of Passerelle.
package main

func main() {}
