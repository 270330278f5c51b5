package router

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg" // the formats of identity pictures
	_ "image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/transport"
)

// The size that the router wants of pictures, in pixels.
const (
	PictureWidth  = 200
	PictureHeight = 300
)

// PictureRequest names the picture of a student at an institution.
type PictureRequest struct {
	As           string // PIC of the institution that asks; may be empty when the client has one only
	Organisation string // identifier of the institution of the picture; "" is As
	ESI          esi.ID
}

// PictureWrite is a picture to set.
type PictureWrite struct {
	PictureRequest
	Picture []byte // PNG or JPEG
	Resize  bool   // let the router scale and crop it to 200×300
}

func (c *Client) pictureURL(r PictureRequest) (string, error) {
	organisation := r.Organisation
	if organisation == "" {
		organisation = r.As
	}
	if organisation == "" && len(c.config.Organisations) == 1 {
		organisation = c.config.Organisations[0].PIC
	}
	var faults passerelle.FieldErrors
	if required("Organisation", organisation, "") != nil {
		faults.Add("Organisation", "required", "the identifier of an institution")
	}
	if r.ESI.IsZero() {
		faults.Add("ESI", "required", "a European Student Identifier")
	}
	return c.path("organisations", organisation, "person", r.ESI.String(), "picture"), faults.Err()
}

// SetPicture sets the picture of a student. A PNG or JPEG of another size than
// 200×300 is refused here unless Resize is set.
func (c *Client) SetPicture(ctx context.Context, r PictureWrite) error {
	address, err := c.pictureURL(r.PictureRequest)
	if err != nil {
		return err
	}
	if len(r.Picture) == 0 {
		return passerelle.FieldErrors{{Field: "Picture", Rule: "required", Want: "a picture"}}
	}
	if config, _, err := image.DecodeConfig(bytes.NewReader(r.Picture)); err == nil && !r.Resize && (config.Width != PictureWidth || config.Height != PictureHeight) {
		return passerelle.FieldErrors{{Field: "Picture", Rule: "size", Want: "200×300 pixels, or Resize"}}
	}
	body, err := fileForm("picture", http.DetectContentType(r.Picture), r.Picture)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, call{
		operation: "router.set-picture", method: http.MethodPost, url: address + "?resize=" + strconv.FormatBool(r.Resize),
		class: transport.Idempotent, as: r.As, body: body,
	})
	return err
}

// Picture reads the picture of a student.
func (c *Client) Picture(ctx context.Context, r PictureRequest) ([]byte, error) {
	address, err := c.pictureURL(r)
	if err != nil {
		return nil, err
	}
	resp, err := c.do(ctx, call{
		operation: "router.picture", method: http.MethodGet, url: address, class: transport.Read, as: r.As, accept: "application/octet-stream",
	})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// DeletePicture deletes the picture of a student.
func (c *Client) DeletePicture(ctx context.Context, r PictureRequest) error {
	address, err := c.pictureURL(r)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, call{
		operation: "router.delete-picture", method: http.MethodDelete, url: address, class: transport.Idempotent, as: r.As, accept: "*/*",
	})
	return err
}

// fileForm makes a form with one part "file".
func fileForm(name, media string, data []byte) (*form, error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {media},
	})
	if err == nil {
		_, err = io.Copy(part, bytes.NewReader(data))
	}
	if err == nil {
		err = w.Close()
	}
	return &form{media: w.FormDataContentType(), data: buf.Bytes()}, err
}
