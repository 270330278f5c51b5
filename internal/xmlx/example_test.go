package xmlx_test

import (
	"fmt"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

func ExampleParse() {
	latin := []byte("<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><e:etudiant xmlns:e=\"urn:e\"><e:nom>Gr\xBDsse</e:nom></e:etudiant>")
	doc, err := xmlx.Parse(latin, "", xmlx.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(xmlx.Text(xmlx.Child(doc.Root(), "urn:e", "nom")))

	_, err = xmlx.Parse([]byte("<!DOCTYPE etudiant SYSTEM 'file:///etc/passwd'>\n<etudiant/>"), "", xmlx.Limits{})
	fmt.Println(err)
	// Output:
	// Grœsse
	// XML: line 1, column 48: doctype: want no document type declaration
}
