package ine

// GuessedKeyRules returns the rules worth trying for the keys of the families
// SIFA and Provisional. The true rule is not public and not one genuine number
// was available to tell them apart: each of them is a guess, all modulo 23 over
// the alphabet of BEA keys, and none is used unless a caller puts it in a [Keys].
//
//   - "guess-letter-dropped": the nine digits, without the letter;
//   - "guess-letter-zero": the letter replaced by 0;
//   - "guess-letter-rank": the letter replaced by its rank, A being 1;
//   - "guess-letter-base36": the letter replaced by its value in base 36, A being 10;
//   - "guess-base36": the ten characters as a number in base 36;
//   - "guess-letter-rank23": the letter replaced by its rank in the alphabet of
//     keys, A being 0.
func GuessedKeyRules() []KeyRule {
	replaced := func(value func(letter uint64) (digits, shift uint64)) func(Number) (string, bool) {
		return func(n Number) (string, bool) {
			head, tail := uint64(0), uint64(0)
			for i := range 4 {
				head = head*10 + n.digit(i)
			}
			for i := range 5 {
				tail = tail*10 + n.digit(5+i)
			}
			digits, shift := value(uint64(n.at(4) - 'A'))
			return mod23((head*shift+digits)*100_000 + tail), true
		}
	}
	rules := []KeyRule{
		{Name: "guess-letter-dropped", Compute: replaced(func(uint64) (uint64, uint64) { return 0, 1 })},
		{Name: "guess-letter-zero", Compute: replaced(func(uint64) (uint64, uint64) { return 0, 10 })},
		{Name: "guess-letter-rank", Compute: replaced(func(l uint64) (uint64, uint64) { return l + 1, 10 })},
		{Name: "guess-letter-base36", Compute: replaced(func(l uint64) (uint64, uint64) { return l + 10, 100 })},
		{Name: "guess-base36", Compute: func(n Number) (string, bool) { return mod23(n.base36(10)), true }},
		{Name: "guess-letter-rank23", Compute: replaced(func(l uint64) (uint64, uint64) { return l, 10 })},
	}
	for i := range rules {
		rules[i].Strength = Guessed
	}
	return rules
}

// GuessedKeyRule returns the rule of [GuessedKeyRules] that has a name.
func GuessedKeyRule(name string) (KeyRule, bool) {
	for _, r := range GuessedKeyRules() {
		if r.Name == name {
			return r, true
		}
	}
	return KeyRule{}, false
}
