package seal_test

import (
	"errors"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/passerelle-sup/passerelle/esc/qr"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esi"
)

func TestCodeReadBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, maximum := range map[string]int{"with the ESI": 15, "without": 13} {
		claims := f.claims
		if name == "without" {
			claims.ESI = esi.ID{}
		}
		token := must(f.signer.Sign(claims))(t)
		code := must(seal.Code(token))(t)
		if code.Version() > maximum || code.Level() != qr.M {
			t.Errorf("%s: version %d level %s, want at most %d M for %d characters", name, code.Version(), code.Level(), maximum, len(token))
		}
		img := must(code.Image(qr.PNGOptions{}))(t)
		bitmap := must(gozxing.NewBinaryBitmapFromImage(img))(t)
		read, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
		if err != nil {
			t.Fatalf("%s: an independent decoder does not read the code: %v", name, err)
		}
		got := must(must(seal.NewVerifier(f.policy()))(t).Verify(t.Context(), read.GetText()))(t)
		if got.Claims != claims {
			t.Errorf("%s: read back %+v, want %+v", name, got.Claims, claims)
		}
	}
	if _, err := seal.Code(must(f.signer.SignWithChain(f.claims))(t)); !errors.Is(err, seal.Header) {
		t.Errorf("code of a seal with its chain: %v, want a refusal", err)
	}
}
