package deuinfo

// The application on the chip, as the reference tool creates it.
const (
	AID          = 0xF58840 // DESFire application identifier; on the wire least significant byte first
	DFID         = 0x1000   // ISO 7816 identifier of the application
	KeySettings1 = 0x0A     // configuration changeable, directory listing free
	KeySettings2 = 0xA7     // AES, ISO identifiers of files, 7 keys
	AccessRights = 0xE000   // of the three files: reading is free, the rest takes key 0
)

// DFName is the ISO 7816 name of the application, to select it by.
var DFName = [9]byte{0xA0, 0x00, 0x00, 0x06, 0x14, 0x04, 0xF5, 0x88, 0x40}

// File is one of the three files of the application. All are standard data files
// read without key and without encryption; the size of each on the chip is that of its
// content.
type File struct {
	Number byte   // DESFire file number
	ISO    uint16 // ISO 7816 file identifier
	Max    int    // greatest size that this package reads, in bytes
}

// The files.
var (
	NumberFile      = File{Number: 0, ISO: 0x1001, Max: 16}              // ESCN, raw
	SignatureFile   = File{Number: 1, ISO: 0x1002, Max: maxSignature}    // DER, usually 70 to 72 bytes
	CertificateFile = File{Number: 2, ISO: 0x1003, Max: maxCertificates} // X.509 in DER, about 600 bytes
)

const (
	minSignature    = 8  // SEQUENCE of two one-byte integers
	maxSignature    = 72 // SEQUENCE of two integers of 33 bytes
	maxCertificates = 4096
)
