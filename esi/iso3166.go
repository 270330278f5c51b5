package esi

// officiallyAssigned lists the codes of ISO 3166-1 alpha-2 whose status is
// "officially assigned", 249 of them. Reserved codes (EU, UK, EL) and those left to
// users (XK, ZZ) are none of them.
const officiallyAssigned = "" +
	"ADAEAFAGAIALAMAOAQARASATAUAWAXAZ" +
	"BABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZ" +
	"CACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ" +
	"DEDJDKDMDODZ" +
	"ECEEEGEHERESET" +
	"FIFJFKFMFOFR" +
	"GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY" +
	"HKHMHNHRHTHU" +
	"IDIEILIMINIOIQIRISIT" +
	"JEJMJOJP" +
	"KEKGKHKIKMKNKPKRKWKYKZ" +
	"LALBLCLILKLRLSLTLULVLY" +
	"MAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ" +
	"NANCNENFNGNINLNONPNRNUNZ" +
	"OM" +
	"PAPEPFPGPHPKPLPMPNPRPSPTPWPY" +
	"QA" +
	"RERORSRURW" +
	"SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZ" +
	"TCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ" +
	"UAUGUMUSUYUZ" +
	"VAVCVEVGVIVNVU" +
	"WFWS" +
	"YEYT" +
	"ZAZMZW"

// assignedTable has an entry for each pair of letters.
var assignedTable = func() (table [26 * 26]bool) {
	for i := 0; i < len(officiallyAssigned); i += 2 {
		table[int(officiallyAssigned[i]-'A')*26+int(officiallyAssigned[i+1]-'A')] = true
	}
	return table
}()

// assigned reports whether s is an officially assigned ISO 3166-1 alpha-2 code, in
// any case.
func assigned(s string) bool {
	return len(s) == 2 && letters(s) && assignedTable[int(s[0]|0x20-'a')*26+int(s[1]|0x20-'a')]
}
