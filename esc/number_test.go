package esc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const canonical = "d88b02c1-894e-1038-a711-001999465982"
	tests := [...]struct {
		in   string
		want string // "" when refused
		rule string
		pos  int
	}{
		0:  {in: canonical, want: canonical},
		1:  {in: strings.ToUpper(canonical), want: canonical},
		2:  {in: strings.ReplaceAll(canonical, "-", ""), want: canonical},
		3:  {in: "452e2b0097fd2037b8b0001989465982", want: "452e2b00-97fd-2037-b8b0-001989465982"},
		4:  {in: "", rule: "length"},
		5:  {in: canonical[:35], rule: "length"},
		6:  {in: canonical + "0", rule: "length"},
		7:  {in: " " + canonical, rule: "length"},
		8:  {in: "{" + canonical + "}", rule: "length"},
		9:  {in: "g88b02c1-894e-1038-a711-001999465982", rule: "character", pos: 1},
		10: {in: "d88b02c1x894e-1038-a711-001999465982", rule: "character", pos: 9},
		11: {in: "d88b02c1-894e-1038-a711-00199946598z", rule: "character", pos: 36},
		12: {in: "d88b02c-1894e-1038-a711-001999465982", rule: "character", pos: 8},
		13: {in: "d88b02c1894e1038a711001999465-82", rule: "character", pos: 30},
		14: {in: "d88b02c1-894e-1038-a711-00199946598é", rule: "length"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			n, err := esc.Parse(tt.in)
			if n.String() != tt.want {
				t.Errorf("Parse(%q) = %q, want %q", tt.in, n, tt.want)
			}
			var pe *passerelle.ParseError
			if tt.rule == "" {
				if err != nil {
					t.Errorf("Parse(%q): %v", tt.in, err)
				}
			} else if !errors.As(err, &pe) || pe.Rule != tt.rule || pe.Pos != tt.pos {
				t.Errorf("Parse(%q) error = %#v, want rule %q at %d", tt.in, err, tt.rule, tt.pos)
			}
		})
	}
}

// The nine numbers met in documents and deployments: fact sheet 13.1.
func TestDecodePublished(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		escn, prefix, pic string
		ms                int64
		utc               string
		tick              int
		clock             uint16
	}{
		0: {"d88b02c1-894e-1038-a711-001999465982", "001", "999465982", 1590135113644, "2020-05-22T08:11:53.644Z", 1, 0xa711},
		1: {"50228de1-8944-1038-a3d5-001999465982", "001", "999465982", 1590130589822, "2020-05-22T06:56:29.822Z", 1, 0xa3d5},
		2: {"aec54890-72b1-1039-8e5f-001999893752", "001", "999893752", 1615796184665, "2021-03-15T08:16:24.665Z", 0, 0x8e5f},
		3: {"22d30120-cd32-1039-bbec-001999893752", "001", "999893752", 1625746959602, "2021-07-08T12:22:39.602Z", 0, 0xbbec},
		4: {"fc3a1f80-93fb-103a-9b31-000999893752", "000", "999893752", 1647603983416, "2022-03-18T11:46:23.416Z", 0, 0x9b31},
		5: {"e6480dc0-9fba-1035-a6bd-001932465463", "001", "932465463", 1508157954908, "2017-10-16T12:45:54.908Z", 0, 0xa6bd},
		6: {"3e506370-826a-103d-bf76-001000000001", "001", "000000001", 1730114711015, "2024-10-28T11:25:11.015Z", 0, 0xbf76},
		7: {"25539be8-6423-103e-add8-988999978433", "988", "999978433", 1754933137613, "2025-08-11T17:25:37.613Z", 24, 0xadd8},
		8: {"024e8a11-e98f-103e-83a9-988999978433", "988", "999978433", 1769602969155, "2026-01-28T12:22:49.155Z", 7393, 0x83a9},
	}
	now := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			n := esc.MustParse(tt.escn)
			want := esc.Decoded{
				Variant: esc.Official, Prefix: tt.prefix, PIC: tt.pic,
				IssuedAt: time.UnixMilli(tt.ms).UTC(), Plausible: true, Tick: tt.tick,
			}
			testutil.Equal(t, "decoded", n.DecodeAt(now), want)
			if got := n.DecodeAt(now).IssuedAt.Format("2006-01-02T15:04:05.000Z07:00"); got != tt.utc {
				t.Errorf("issued at %s, want %s", got, tt.utc)
			}
			if n.ClockSequence() != tt.clock {
				t.Errorf("clock sequence %04x, want %04x", n.ClockSequence(), tt.clock)
			}
			if n.PIC() != tt.pic || n.Prefix() != tt.prefix {
				t.Errorf("PIC %s prefix %s, want %s and %s", n.PIC(), n.Prefix(), tt.pic, tt.prefix)
			}
		})
	}
}

func TestDecodeVariants(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := map[string]struct {
		in   string
		want esc.Decoded
	}{
		"binary node": {
			"b881984a-0b88-11e9-98a4-0000773406c7",
			esc.Decoded{Variant: esc.RFC4122Binary, Prefix: "001", PIC: "999898311", IssuedAt: at("2018-12-29T16:42:25.0469450Z"), Plausible: true},
		},
		"binary node of digits only": {
			"b881984a-0b88-11e9-98a4-000076180010",
			esc.Decoded{Variant: esc.RFC4122Binary, Prefix: "001", PIC: "981284368", IssuedAt: at("2018-12-29T16:42:25.0469450Z"), Plausible: true},
		},
		"standard UUID with digits": {
			"b881984a-0b88-11e9-98a4-001999978433",
			esc.Decoded{Variant: esc.RFC4122Digits, Prefix: "001", PIC: "999978433", IssuedAt: at("2018-12-29T16:42:25.0469450Z"), Plausible: true},
		},
		"network card": {
			"0c615bc5-605a-11ef-83b5-60a44c40ce5c",
			esc.Decoded{Variant: esc.RFC4122MAC, IssuedAt: at("2024-08-22T07:42:14.2804933Z"), Plausible: true},
		},
		"random": {"3f2c8a5e-9b1d-4c6f-8a7b-0123456789ab", esc.Decoded{Variant: esc.Random}},
		"random with a node of digits": {
			"3f2c8a5e-9b1d-4c6f-8a7b-001999978433", esc.Decoded{Variant: esc.Random},
		},
		"dummy of version 2": {
			"452e2b00-97fd-2037-b8b0-001989465982", esc.Decoded{Variant: esc.Other, Prefix: "001", PIC: "989465982"},
		},
		"wrong variant bits": {
			"d88b02c1-894e-1038-2711-001999465982", esc.Decoded{Variant: esc.Other, Prefix: "001", PIC: "999465982"},
		},
		"official of 1970": {
			"069b5400-0b1d-1000-8000-066999859608",
			esc.Decoded{Variant: esc.Official, Prefix: "066", PIC: "999859608", IssuedAt: time.UnixMilli(0).UTC()},
		},
		"official of the future": {
			"a8c0acf0-caa1-1091-a5a5-999000000001",
			esc.Decoded{Variant: esc.Official, Prefix: "999", PIC: "000000001", IssuedAt: time.UnixMilli(4102444799999).UTC()},
		},
		"official time with the node of a network card": {
			"d88b02c1-894e-1038-a711-60a44c40ce5c",
			esc.Decoded{Variant: esc.RFC4122MAC, IssuedAt: at("1633-03-19T11:37:22.9240001Z")},
		},
		"zero": {"00000000-0000-0000-0000-000000000000", esc.Decoded{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testutil.Equal(t, "decoded", esc.MustParse(tt.in).DecodeAt(now), tt.want)
		})
	}
}

// A number is plausible up to one day ahead of the clock that reads it.
func TestDecodePlausible(t *testing.T) {
	t.Parallel()
	n := esc.MustParse("fc3a1f80-93fb-103a-9b31-000999893752")
	issued := time.UnixMilli(1647603983416)
	for offset, want := range map[time.Duration]bool{
		-24*time.Hour - time.Millisecond: false,
		-24 * time.Hour:                  true,
		0:                                true,
		90 * 365 * 24 * time.Hour:        true,
	} {
		d := n.DecodeAt(issued.Add(offset))
		if d.Plausible != want || d.Variant != esc.Official || !d.IssuedAt.Equal(issued) {
			t.Errorf("read %v after its time: %+v, want plausible %v", offset, d, want)
		}
	}
}

func TestNumberEncodings(t *testing.T) {
	t.Parallel()
	type record struct {
		A esc.Number `json:"a"`
		B esc.Number `json:"b"`
	}
	in := record{A: esc.MustParse("d88b02c1-894e-1038-a711-001999465982")}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"d88b02c1-894e-1038-a711-001999465982","b":""}`; string(data) != want {
		t.Errorf("JSON %s, want %s", data, want)
	}
	out := record{B: in.A}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "record read back", out == in, true)
	if err := json.Unmarshal([]byte(`{"a":"d88b"}`), &out); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("short number: %v, want ErrInvalid", err)
	}
	if esc.FromBytes(in.A.Bytes()) != in.A {
		t.Error("the number of the bytes is another")
	}

	var leaks testutil.Leaks
	leaks.Secret(t, in.A.String(), in.A.String()[:8])
	leaks.Logger().Info("card", slog.Any("escn", in.A))
	leaks.Check(t)
	if !strings.Contains(leaks.Log(), "001999465982") {
		t.Errorf("the log does not name the institution: %s", leaks.Log())
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"d88b02c1-894e-1038-a711-001999465982", "D88B02C1894E1038A711001999465982", "", "b881984a-0b88-11e9-98a4-0000773406c7",
		"3f2c8a5e-9b1d-4c6f-8a7b-0123456789ab", "ffffffff-ffff-1fff-bfff-ffffffffffff", "00000000-0000-1000-8000-000000000000",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := esc.Parse(s)
		if err != nil {
			if !n.IsZero() || !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("Parse(%q) = %v, %v", s, n, err)
			}
			return
		}
		if n.IsZero() {
			return
		}
		again, err := esc.Parse(n.String())
		if err != nil || again != n {
			t.Fatalf("%q reads as %v, which reads as %v, %v", s, n, again, err)
		}
		bare := strings.ReplaceAll(n.String(), "-", "")
		if strings.ReplaceAll(strings.ToLower(s), "-", "") != bare {
			t.Fatalf("%q reads as %v", s, n)
		}
		d := n.Decode()
		if (d.PIC == "") != (d.Prefix == "") || len(d.PIC) != 9 && d.PIC != "" || d.Tick < 0 || d.Tick > 9999 {
			t.Fatalf("%v decodes to %+v", n, d)
		}
	})
}
