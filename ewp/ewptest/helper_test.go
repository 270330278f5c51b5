package ewptest_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// xmllint returns a function that validates a document against a schema of the
// reference material. It skips the test where there is no xmllint, or no material.
func xmllint(t *testing.T) func(schema string, doc []byte) error {
	t.Helper()
	program := testutil.Program(t, "xmllint")
	base := testutil.Shared(t, "ewp/schemas")
	dir := t.TempDir()
	return func(schema string, doc []byte) error {
		name := filepath.Join(dir, "doc.xml")
		if err := os.WriteFile(name, doc, 0o600); err != nil {
			return err
		}
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), program, "--nonet", "--noout", "--schema", filepath.Join(base, schema), name)
		cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(base, "catalog-network.xml")+" "+filepath.Join(base, "catalog-business.xml"))
		cmd.Stderr = &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%w: %s", err, out.String())
		}
		return nil
	}
}
