package ine

import "strings"

// lookalikes are groups of characters that are taken for one another when a
// number is copied by hand or read by a machine.
var lookalikes = [...]string{"0OQD", "1IL7", "2Z", "5S", "6G", "8B", "4A", "UV", "MN"}

// Slips returns the numbers that are one slip of typing away from s and whose
// key is right: one character replaced by another, or two neighbours
// swapped. It serves to propose a correction to a person, never to make it. It
// returns nil when s is a number whose key is right or not checked, and when it
// has not eleven characters. A family whose key is not checked is never proposed.
//
// The most plausible come first: look-alike characters (O and 0, I and 1, B and
// 8, …), then swaps, then any other replacement; within each, numbers of s's own
// family before those of another; then from left to right.
func Slips(s string) []Number {
	typed := read(s)
	if typed.count != size || typed.known() && typed.chars.Key() != KeyWrong {
		return nil
	}
	own, _ := decide(typed.shape, typed.chars.at(4))
	var ranked [3][2][]Number // by kind of slip, by family: own, other
	try := func(kind int, slip [size]byte) {
		t := read(slip[:])
		if !t.known() || t.chars.Key() != KeyOK {
			return
		}
		other := 0
		if t.chars.Family() != own {
			other = 1
		}
		ranked[kind][other] = append(ranked[kind][other], t.chars)
	}
	b := typed.chars.bytes()
	replace := func(kind int, alike bool) {
		for i := range size {
			for c := byte('0'); c <= 'Z'; c++ {
				if characters[c] != 0 && c != b[i] && lookAlike(c, b[i]) == alike {
					slip := b
					slip[i] = c
					try(kind, slip)
				}
			}
		}
	}
	replace(0, true)
	for i := range size - 1 {
		slip := b
		slip[i], slip[i+1] = slip[i+1], slip[i]
		try(1, slip)
	}
	replace(2, false)
	var all []Number
	for _, kind := range ranked {
		all = append(append(all, kind[0]...), kind[1]...)
	}
	return all
}

func lookAlike(a, b byte) bool {
	for _, group := range lookalikes {
		if strings.IndexByte(group, a) >= 0 && strings.IndexByte(group, b) >= 0 {
			return true
		}
	}
	return false
}
