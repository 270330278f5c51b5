"""Calls the service of peer_test.go with zeep, an independent SOAP client.

Usage: peer_zeep.py CONTRACT ADDRESS PORT PASSWORD
CONTRACT is the path of wsdl/testdata/immatriculation.wsdl, PORT is P11 or P12.
Prints one JSON object: what the client understood of the answers.
"""
import json
import sys

import zeep
from zeep.wsse.username import UsernameToken

contract, address, port, password = sys.argv[1:]


class Transport(zeep.Transport):
    def _load_remote_data(self, url):
        # The missing import of the contract: nothing is fetched.
        return b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:invented:absent">' \
               b'<xs:complexType name="Inconnu"><xs:sequence/></xs:complexType></xs:schema>'


client = zeep.Client(contract, port_name=port, transport=Transport(),
                     wsse=UsernameToken("univ", password, use_digest=True))
service = client.create_service("{urn:invented:immatriculation}" + {"P11": "Soap11", "P12": "Soap12"}[port], address)


def call(nom):
    return service.immatriculer(nom=nom, prenom=["Zoé", "Maëlys"], naissance={"date": "2008-02-29", "commune": {"code": "29019"}},
                                _soapheaders={"contexte": "univ"})


out = {}
answer = call("Œillet-Haÿ 5 €")
out["ine"] = answer["_value_1"][0]["ine"] if "_value_1" in answer else str(answer)
try:
    call("inconnu")
except zeep.exceptions.Fault as fault:
    out["code"] = fault.code
    out["message"] = fault.message
    out["detail"] = fault.detail[0].text if fault.detail is not None and len(fault.detail) else None
print(json.dumps(out, ensure_ascii=True))
