package main

const help = `fakes starts every fake of the SDK on the loopback interface, for a student system
written in any language, and runs until it is interrupted.

    fakes [-listen 127.0.0.1:0] [-faults none|mild|harsh] [-seed N] [-population N] [-out DIR]

    -listen      address of the control; loopback only. With a port, the services have the
                 ports that follow it, in the order in which they are printed, so that a
                 configuration can name them. 0 takes free ones.
    -faults      trouble made on purpose by all services that draw it: none, mild (an
                 ordinary day) or harsh (the first day of the season)
    -seed        determines people, numbers and faults
    -population  how many people INES knows at start
    -out         folder for the certificate of the network and the keys to sign with; by
                 default a temporary one that is removed at the end

One JSON object is printed per service, then one for the control:

    $ fakes -listen 127.0.0.1:8400
    {"service":"ines","url":"http://127.0.0.1:8401","notes":"…","soap":"http://127.0.0.1:8401/soap",…}
    …
    {"service":"control","url":"http://127.0.0.1:8400","notes":"…"}

The control speaks JSON. GET / lists its calls; GET /ines tells what one service offers:

    $ curl -s -X PUT -d '{"preset":"harsh"}' http://127.0.0.1:8400/ines/faults
    $ curl -s -X PUT -d '{"advance":"24h"}' http://127.0.0.1:8400/clock

It answers only requests whose Host header, and Origin header if there is one, are its own:
a web page cannot reach it. All people are invented, and all keys are made at start.

The fakes of Apogée and Pégase are in another module (adapters/apogee/apogeetest,
adapters/pegase/pegasetest) and are not started here.

Exit codes: 0 interrupted; 2 wrong usage; 3 could not work (a port is taken).
`
