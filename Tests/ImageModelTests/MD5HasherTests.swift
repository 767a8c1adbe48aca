import ImageModel
import Testing

struct MD5HasherTests {
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
  ]) func theVectorsOfItsStandardComeOut(_ text: String, _ digest: String) {
    var (whole, parts) = (MD5Hasher(), MD5Hasher())
    whole.update(Array(text.utf8))
    for byte in text.utf8 { parts.update([byte]) }
    #expect(whole.finish() == digest && parts.finish() == digest)
  }
}
