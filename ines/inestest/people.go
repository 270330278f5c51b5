package inestest

import (
	"iter"
	"math/rand/v2"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Generate yields n invented people, the same for the same seed: names with every
// French accent, hyphens, apostrophes and particles, births from 1990 to 2008 in
// France, Corsica, overseas and abroad, three complete given names at most. No two
// of them resemble each other in the eyes of the register, so that litiges are
// made on purpose only.
func Generate(seed uint64, n int) iter.Seq[passerelle.Person] {
	return func(yield func(passerelle.Person) bool) {
		r := rand.New(rand.NewPCG(seed, 0x1e5))
		byDate := make(map[passerelle.Date][]identity)
		for range n {
			p := person(r)
			for alike(byDate[p.BirthDate], fold(p)) {
				p = person(r)
			}
			byDate[p.BirthDate] = append(byDate[p.BirthDate], fold(p))
			if !yield(p) {
				return
			}
		}
	}
}

func alike(others []identity, id identity) bool {
	for _, o := range others {
		if id.is(o) || id.resembles(o) {
			return true
		}
	}
	return false
}

func person(r *rand.Rand) passerelle.Person {
	p := passerelle.Person{Sex: passerelle.SexFemale}
	given := givenFemale
	if r.IntN(2) == 0 {
		p.Sex, given = passerelle.SexMale, givenMale
	}
	for i, at := range r.Perm(len(given))[:1+r.IntN(3)] {
		p.GivenNames[i] = given[at]
	}
	p.BirthName = pick(r, families)
	switch r.IntN(20) {
	case 0, 1, 2:
		p.BirthName += "-" + pick(r, families)
	case 3, 4:
		p.BirthName = pick(r, particles) + p.BirthName
	case 5:
		p.UsageName = pick(r, families)
	}
	p.BirthDate = passerelle.DateOf(time.Date(1990+r.IntN(19), 1, 1+r.IntN(365), 0, 0, 0, 0, time.UTC))
	if r.IntN(8) == 0 {
		p.Birthplace = pick(r, abroad)
	} else {
		p.Birthplace = passerelle.Birthplace{Commune: pick(r, communes)}
	}
	return p
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

var (
	particles = []string{"de ", "du ", "d'", "Le ", "La ", "de la ", "L'"}
	families  = []string{
		"Martin", "Bernard", "Dubois", "Lefèvre", "Moreau", "Garçon", "Béranger", "Cœurdacier", "Hélène", "Noël", "Guérin", "Boyer", "Chevalier", "Français",
		"Legrand", "Perrin", "Gaëtan", "Maïssa", "Lœb", "Benaïm", "Ragueneau", "Poirier", "Aubrée", "Crépin", "Dâmaso", "Éluard", "Fûtaie", "Gîtes", "Hervé",
		"Ibañez", "Jaouën", "Kervégant", "Lemaître", "Müller", "Nguyên", "Ouédraogo", "Pâquet", "Quéméner", "Rouault", "Saïdi", "Tréguier", "Ung", "Vasseur",
		"Wagner", "Xavier", "Yıldız", "Zäpfel", "Barthélemy", "Clément", "Desprès",
	}
	givenFemale = []string{
		"Éléonore", "Anaïs", "Chloé", "Zoé", "Maëlys", "Léa", "Inès", "Noémie", "Françoise", "Hélène", "Marie-Ève", "Anne-Sophie", "Loïse", "Océane", "Joséphine",
		"Aïcha", "Gaëlle", "Héloïse", "Raphaëlle", "Solène", "Thaïs", "Ursule", "Violaine", "Wendy", "Yaël", "Zélie",
	}
	givenMale = []string{
		"Étienne", "Jérôme", "Loïc", "François", "Raphaël", "Gaël", "Théo", "Jean-Noël", "Benoît", "Zacharie", "Hervé", "Côme", "Maël", "Noé", "Anatole", "Brice",
		"Cédric", "Désiré", "Fulbert", "Grégoire", "Hippolyte", "Kévin", "Léandre", "Mathéo", "Octave", "Ulysse",
	}
	communes = []string{"67482", "75056", "13055", "69123", "2A004", "2B033", "97105", "97411", "35238", "59350", "31555", "44109", "33063", "06088", "34172", "29019"}
	abroad   = []passerelle.Birthplace{
		{Country: "99132", Name: "Nankin"}, {Country: "99109", Name: "Köln"}, {Country: "99127", Name: "Rīga"}, {Country: "99350", Name: "Fès"},
		{Country: "99351", Name: "Sfax"}, {Country: "99341", Name: "Thiès"}, {Country: "99139", Name: "Évora"},
	}
)
