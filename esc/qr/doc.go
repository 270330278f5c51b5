// Package qr makes and reads the QR code of the European student card.
//
// The official code carries a base URL followed by the card number, nothing else,
// and no signature: whoever scans it asks the router what the card is worth. It is
// a version 4 symbol (33 modules a side) of error correction level M with a quiet
// zone of 4 modules, as the official generator draws it; [New] makes it. [Encode]
// makes a code of any other text.
//
// A [Code] is a matrix of modules; [Code.WritePNG], [Code.WriteSVG] and
// [Code.WriteTerminal] draw that one matrix. They refuse pictures that phones
// fail to read: fewer than 4 pixels per module, or a quiet zone below 4 modules.
//
// [Read] takes the text that a scanner found, with any base URL printed since 2017.
//
// The logo that stands beside the code on a card belongs to the scheme and is not
// part of this package.
package qr
