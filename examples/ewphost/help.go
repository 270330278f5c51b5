package main

const help = `ewphost is a host of the Erasmus Without Paper network, and a client of it, on given
keys, catalogue and data.

    ewphost keygen -out DIR [-bits N]
        makes client.key and server.key (RSA, the keys that partners know), tls.pem and
        tls.key (a self-signed certificate for localhost). No file is replaced.

    ewphost manifest -config FILE
        prints the manifest. Warnings of what the registry would complain of are on
        standard error.

    ewphost catalogue MANIFEST…
        prints the catalogue that the registry would make of some manifests: enough for
        hosts that try each other on one machine.

    ewphost serve -config FILE [-v]
        serves the manifest and every API of the configuration over HTTPS until it is
        interrupted, then lets requests under way finish. When it is ready it prints
        {"listening":…,"manifest":…,"paths":[…],"catalogue_hosts":N}. The log has neither
        parameters nor contents; -v tells of every request.

    ewphost call -config FILE -hei HEI -api API [-endpoint NAME] [-param NAME=VALUE …]
                 [-body FILE] [-gcm] [-report] [-v]
        makes one signed call. The answer is on standard output; which host gave it, in
        which version, and whether its signature is good, on standard error. An answer
        whose signature is wrong, or missing where the host declares it, is not shown.
        -body is the document of an update; -gcm encrypts for partners that offer it;
        -report tells the network's Monitoring API of a failure of the partner, which is
        published there.

    ewphost iia-hash [-version 7 or 6] FILE.xml
        computes the hash of each agreement in a get response of the agreements, alone:
        {"iia_id":…,"hash":…,"declared_hash":…,"valid_for_approval":…,"text":…}, text being
        what is hashed. -version 6 is the conditions-hash of archived documents. The exit
        code is 1 when a declared hash is another one.

Two hosts on one machine, in a copy of examples/ewphost/sample:

    $ ewphost keygen -out keys && ewphost keygen -out partner-keys
    $ ewphost manifest -config config.json > host.xml
    $ ewphost manifest -config partner.json > partner.xml
    $ ewphost catalogue host.xml partner.xml > catalogue.xml
    $ ewphost serve -config config.json &
    $ ewphost call -config partner.json -hei univ-exemple.example -api echo -param echo=bonjour
    <?xml version="1.0" encoding="UTF-8"?>
    <response xmlns="…"><hei-id>uni-beispiel.example</hei-id><echo>bonjour</echo></response>

In the real network the manifest is registered once, at an address that never changes,
and "catalogue" is https://registry.erasmuswithoutpaper.eu/catalogue-v1.xml (or the
development registry, https://dev-registry.erasmuswithoutpaper.eu/catalogue-v1.xml); the
TLS certificate is one of a public authority.

Configuration (JSON; file names are relative to its folder):

    hei_id          identifier of the institution: "univ-exemple.example"
    names           its name by language: {"fr": "…", "en": "…"}
    other_ids       other identifiers by type: {"erasmus": "F EXEMPLE01", "pic": "…"}
    base_url        https address under which partners reach the host; the manifest is at
                    base_url/manifest.xml, endpoints at base_url/API[/ENDPOINT]
    listen          address and port to listen on
    tls_cert, tls_key        certificate chain and key, PEM
    tls_roots       certificates to trust beside those of the system when calling
    client_keys     keys of requests, server_keys keys of answers: the first of each list
                    signs, all are in the manifest. To replace one, add the new one at the
                    end, wait until partners have it (a day), move it to the front, and
                    drop the old one a day later.
    catalogue       file or https address
    copies          folder for a copy of a catalogue that comes from an address
    data            folder of what is served, see sample/data/README.md
    admin_email     address of a service, never of a person
    admin_provider  name of the provider, in English
    apis            what is served: {"echo": {"gcm": true}, "iias": {"max-iia-ids": 20}};
                    gcm offers the encryption ewp-rsa-aes128gcm beside TLS; anonymous lets
                    clients in that say no name, for what is public

Exit codes: 0 done; 1 the partner refused, or its answer cannot be believed; 2 wrong
usage; 3 could not work (configuration, file, network, no such partner).
`
