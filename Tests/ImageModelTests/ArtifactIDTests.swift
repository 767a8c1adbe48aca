import ImageModel
import Testing

struct ArtifactIDTests {
  @Test func idsAreOrderedAsTheirTexts() throws {
    let texts = [
      "docker/a:1", "docker/a-b:1", "docker/a.b:1", "docker/a:10", "docker/a:2", "docker/ab:0", "docker/a_b:1",
      "generate/a/1:x.tar", "generate/a/1.2:x.tar", "generate/a:b/1:x", "generate/a:x", "sif/a:1", "vbox/A:1",
      "vbox/a:1",
    ]
    let ids = try texts.map { try #require(ArtifactID($0)) }
    for left in ids {
      for right in ids {
        let expected = left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
        #expect((left < right) == expected, "\(left) \(right)")
      }
    }
  }

  @Test func idsAreEqualWhereTheirTextsAre() throws {
    let words = ["a", "b", "a:b", "a/b", "ab"]
    var ids: [ArtifactID] = []
    for kind in ArtifactKind.allCases {
      for name in words { for tag in ["a", "b", "ab"] { ids.append(ArtifactID(kind: kind, name: name, tag: tag)) } }
    }
    for left in ids {
      let read = try #require(ArtifactID(left.description))
      #expect(read == left && read.hashValue == left.hashValue)
      for right in ids { #expect((left == right) == (left.description == right.description)) }
    }
    #expect(Set(ids).count == ids.count)
  }

  @Test(arguments: [
    "", "/", ":", "docker/:", "docker/a:", "docker/:a", "docker/a", "docker:a/b", "dockers/a:b", "/a:b",
  ])
  func whatIsNoIDIsRefused(text: String) { #expect(ArtifactID(text) == nil) }
}
