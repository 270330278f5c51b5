import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.*;
import java.util.*;
import javax.xml.crypto.dsig.*;
import javax.xml.crypto.dsig.dom.*;
import javax.xml.crypto.dsig.keyinfo.*;
import javax.xml.crypto.dsig.spec.*;
import javax.xml.parsers.*;
import javax.xml.transform.*;
import javax.xml.transform.dom.*;
import javax.xml.transform.stream.*;
import org.w3c.dom.*;

// The JDK's XML signature: another signer and verifier of the profile.
//   Peer verify CERT.der FILE...            one line "true" or "false" a file
//   Peer sign KEY.pkcs8 CERT.der IN OUT     an enveloped signature, as peers make it
public class Peer {
  static Document parse(String file) throws Exception {
    DocumentBuilderFactory f = DocumentBuilderFactory.newInstance();
    f.setNamespaceAware(true);
    return f.newDocumentBuilder().parse(new File(file));
  }

  static X509Certificate cert(String file) throws Exception {
    try (InputStream in = new FileInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  public static void main(String[] a) throws Exception {
    XMLSignatureFactory f = XMLSignatureFactory.getInstance("DOM");
    if (a[0].equals("verify")) {
      PublicKey key = cert(a[1]).getPublicKey();
      for (int i = 2; i < a.length; i++) {
        boolean good = false;
        try {
          Document d = parse(a[i]);
          for (Node n = d.getDocumentElement().getLastChild(); n != null; n = n.getPreviousSibling()) {
            if (n instanceof Element && "Signature".equals(n.getLocalName()) && XMLSignature.XMLNS.equals(n.getNamespaceURI())) {
              DOMValidateContext c = new DOMValidateContext(key, n);
              c.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.TRUE);
              good = f.unmarshalXMLSignature(c).validate(c);
              break;
            }
          }
        } catch (Exception e) {
          System.err.println(e);
        }
        System.out.println(good);
      }
      return;
    }
    PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(a[1]))));
    Document d = parse(a[3]);
    Reference r = f.newReference("", f.newDigestMethod(DigestMethod.SHA256, null),
        List.of(f.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null)), null, null);
    SignedInfo info = f.newSignedInfo(f.newCanonicalizationMethod(CanonicalizationMethod.INCLUSIVE, (C14NMethodParameterSpec) null),
        f.newSignatureMethod("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", null), List.of(r));
    KeyInfoFactory k = f.getKeyInfoFactory();
    KeyInfo keyInfo = k.newKeyInfo(List.of(k.newX509Data(List.of(cert(a[2])))));
    f.newXMLSignature(info, keyInfo).sign(new DOMSignContext(key, d.getDocumentElement()));
    TransformerFactory.newInstance().newTransformer().transform(new DOMSource(d), new StreamResult(new File(a[4])));
  }
}
