package ine_test

// rightKeys are the published numbers whose key is right, then computed ones.
var rightKeys = [...]struct {
	number string
	family string
}{
	// Published.
	0:  {"223456789HE", "rnie"},
	1:  {"120156231KE", "rnie"},
	2:  {"130187884JE", "rnie"},
	3:  {"070578267KH", "rnie"},
	4:  {"080890290EH", "rnie"},
	5:  {"090567778FF", "rnie"},
	6:  {"081768862AE", "rnie"},
	7:  {"0AYIOP071Y8", "nne"},
	8:  {"0494004062M", "bea"},
	9:  {"0100007108D", "bea"},
	10: {"0100008010J", "bea"},
	// Computed.
	11: {"000000000KH", "rnie"},
	12: {"000000001KG", "rnie"},
	13: {"000000096AB", "rnie"},
	14: {"000000097KH", "rnie"},
	15: {"123456789FJ", "rnie"},
	16: {"012345678KE", "rnie"},
	17: {"200000001DB", "rnie"},
	18: {"250000000EA", "rnie"},
	19: {"999999999GE", "rnie"},
	20: {"0000000023A", "bea"},
	21: {"1234567890V", "bea"},
	22: {"0100000000C", "bea"},
	23: {"1190000001M", "bea"},
	24: {"2218123456G", "bea"},
	25: {"8005012345A", "bea"},
	26: {"0AYIOP00006", "nne"},
	27: {"0AYIOP00017", "nne"},
	28: {"0AYIOP000Z1", "nne"},
	29: {"0G411N00011", "nne"},
	30: {"ZZZZZZZZZZ5", "nne"},
}

// wrongKeys are published as sample data, with the key that would be right.
var wrongKeys = [...]struct{ number, key string }{
	0:  {"1234567890G", "V"},
	1:  {"1234567890Y", "V"},
	2:  {"1234567890A", "V"},
	3:  {"1234567890B", "V"},
	4:  {"1234567890C", "V"},
	5:  {"1234567890D", "V"},
	6:  {"1234567890E", "V"},
	7:  {"1234567890F", "V"},
	8:  {"1234567890T", "V"},
	9:  {"1234567404G", "S"},
	10: {"1234567500G", "W"},
	11: {"1234567503G", "Z"},
	12: {"123456789AA", "FJ"},
	13: {"123456789AB", "FJ"},
	14: {"012345678GD", "KE"},
	15: {"012345678AA", "KE"},
	16: {"675773666AD", "BH"},
}

// shapes are those that public test suites accept.
var shapes = [...]struct{ number, family string }{
	0:  {"000000000AH", "rnie"},
	1:  {"123456789JK", "rnie"},
	2:  {"123456789KA", "rnie"},
	3:  {"1234567890Z", "bea"},
	4:  {"1234567890N", "bea"},
	5:  {"1234567890R", "bea"},
	6:  {"12345678901", "nne"},
	7:  {"A2B4C6D8E05", "nne"},
	8:  {"AAAAAAAAAA1", "nne"},
	9:  {"1234A56789B", "sifa"},
	10: {"0000A00000Z", "sifa"},
	11: {"1111A11111A", "sifa"},
	12: {"1234D56789B", "provisional"},
	13: {"0000D00000A", "provisional"},
}

// refused are texts that public test suites refuse, with the rule that each
// breaks and the position of the fault.
var refused = [...]struct {
	text   string
	rule   string
	pos    int
	status string
}{
	0:  {"", "length", 0, "absent"},
	1:  {"    ", "length", 0, "absent"},
	2:  {"1234567890", "length", 0, "malformed"},
	3:  {"1234567890GG", "length", 0, "malformed"},
	4:  {"123456789@#", "character", 11, "malformed"},
	5:  {"123456789II", "character", 10, "malformed"},
	6:  {"123456789AL", "character", 11, "malformed"},
	7:  {"1234567890I", "character", 11, "malformed"},
	8:  {"1234567890O", "character", 11, "malformed"},
	9:  {"1111111111Q", "character", 11, "malformed"},
	10: {"A2B4C6D8E0A", "family", 5, "malformed"},
	11: {"1234B56789C", "family", 5, "unknown"},
	12: {"123A456789B", "character", 4, "malformed"},
	13: {"1234A56789I", "character", 11, "malformed"},
	14: {"1234E56789B", "family", 5, "unknown"},
	15: {"1234567]90G", "character", 8, "malformed"},
	16: {"402957826QH", "character", 10, "malformed"},
	17: {"697720085AO", "character", 11, "malformed"},
	18: {"1234-567890", "character", 5, "malformed"},
	19: {"123456789-A", "character", 10, "malformed"},
	20: {"1234-56789A", "character", 5, "malformed"},
	21: {"12345678éAB", "character", 9, "malformed"},
	22: {"1234567890\x00", "character", 11, "malformed"},
}
