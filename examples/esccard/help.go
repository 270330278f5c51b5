package main

const help = `esccard makes and reads what stands on European student cards. It prints JSON, one
object a line.

Numbers (ESCN)
    esccard escn new -pic PIC [-prefix N] [-n K] [-state FILE]
    esccard escn show ESCN

    $ esccard escn show fc3a1f80-93fb-103a-9b31-000999893752
    {"escn":"fc3a1f80-93fb-103a-9b31-000999893752","variant":"official","prefix":"000","pic":"999893752","issued_at":"2022-03-18T11:46:23.416Z",…}

    Give each server its own prefix (0 to 999). FILE remembers the ticks taken, so
    that no run repeats one, even after the clock was set back. variant is official,
    rfc4122-digits, rfc4122-binary or other; issued_at is a lower bound, "" where
    the number holds no time.

Identifiers of students (ESI)
    esccard esi build -country CC -code CODE [-provisional]
    esccard esi build -sho DOMAIN -code CODE
    esccard esi build -legacy -country CC -pic PIC -code CODE
    esccard esi show ESI

    {"esi":…,"form":…,"scope":…,"code":…,"key":…}: form is country, region,
    institution, legacy or unknown; compare identifiers by key. The code of -country fr
    is the definitive INE; -provisional insists on a provisional one. show reads
    the variants met in the wild and names them in "variants"; what the practice of the
    country would have otherwise is in "warnings".

The official QR code
    esccard qr ESCN [-base URL] [-o F.png or F.svg] [-scale N] [-terminal]

    {"content":…,"version":4,"level":"M","modules":33}. N is the pixels per module of a
    PNG (from 4, default 8) or the units per module of an SVG (from 1, default 4);
    -terminal draws the code on standard error.

Sealed cards: a second, signed code of this project, beside the official one
    esccard authority -out DIR [-domain NAME]
    esccard seal sign -key K -chain C -escn E -expires DATE [-issuer NAME] [-esi ESI] [-o F.png or F.svg]
    esccard seal verify -roots R -chain C [-at TIME] [-crl FILE] [-issuer NAME=PIC,…] JWS, F.png or -

    authority makes test material valid around now: root.pem, issuing.pem, card.key,
    chain.pem (root first), and for the chip chip.key and chip-chain.pem. DATE is the
    last valid day, in the local zone; - reads the seal from standard input. verify prints {"valid":…,"escn":…,"expires":…,
    "issuer":…,"reasons":[…]}; what a seal says is shown when it is believed only.
    Revocation is checked with -crl, and who may seal the numbers of which PIC with
    -issuer (both may be repeated); without them standard error says so.

The chip application (legacy)
    esccard deuinfo sign -key K -escn E -uid HEX
    esccard deuinfo verify -roots R -chain C -escn E -uid HEX -signature HEX [-certificate FILE] [-at TIME] [-crl FILE] [-issuer NAME=PIC,…]

    The certificate on the chip is the last one of C (root first) unless -certificate
    gives it. verify answers as seal verify does.

TIME is a date (its beginning, UTC) or RFC 3339; without it, now. An argument that
begins with a dash stands after --.

A value that is refused gives {"error":…,"rule":…,"position":…,"want":…}.

Exit codes: 0 done; 1 a value was refused, or a card is not valid; 2 wrong usage;
3 could not work (file, clock, certificates).
`
