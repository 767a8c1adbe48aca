import ImageModel
import TestSupport
import Testing

struct ImageReferenceTests {
  @Test(arguments: [
    ("ubuntu:24.04", "docker.io/library/ubuntu:24.04"), ("cati/casa-dev", "docker.io/cati/casa-dev:latest"),
    ("localhost/x:1", "localhost/x:1"), ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b:t"),
    ("a__b/c-d.e", "docker.io/a__b/c-d.e:latest"),
  ])
  func everySpellingOfAnImageHasOneCanonicalText(text: String, canonical: String) throws {
    #expect(try ImageReference(text).canonical == canonical)
  }

  @Test(arguments: ["", "Ubuntu", "a//b", "a:", "a:-x", "a@sha256:12", "-a", "a_-b", "a b", "x/"])
  func whatDockerRefusesIsRefused(text: String) {
    #expect(throws: ImageReference.Fault.self) { try ImageReference(text) }
  }

  @Test func componentsAreThoseOfTheDistribution() throws {
    let component = /[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*/
    for seed in Soak.seeds(3_000) {
      var random = SeededGenerator(seed: seed)
      let letters = (0..<Int.random(in: 0...8, using: &random)).map { _ in "aab0.__--A/".randomElement(using: &random) }
      let text = String(letters.compactMap(\.self))
      #expect(ImageReference.isComponent(text) == (text.wholeMatch(of: component) != nil), "\(text)")
    }
  }
}
