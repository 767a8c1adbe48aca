import ImageModel
import Testing

@testable import coppice

/// `apply` refuses a destination that has become another one: every part that leads elsewhere is in its words.
struct DestinationWordsTests {
  private static func words(
    _ place: DestinationDefinition.Place, _ environment: [String: String] = [:]
  ) throws -> String {
    try DestinationDefinition(
      name: "d", place: place, kinds: [.sif], visibilities: [.public], location: SourceLocation(file: "coppice.yaml")
    ).words(in: "/repository", environment)
  }

  @Test func everyPartOfAPlaceHasItsSay() throws {
    let place = RemotePlace(user: "me", host: "host", path: "/www")
    let all = [
      try Self.words(.registry(host: "host", path: nil)), try Self.words(.registry(host: "host", path: "x")),
      try Self.words(.directory("/repository/www")), try Self.words(.directory("/www")),
      try Self.words(.remote(place, SSHOptions())), try Self.words(.remote(place, SSHOptions(port: 2222))),
      try Self.words(.remote(place, SSHOptions(words: ["-J", "gate"]))),
      try Self.words(.remote(RemotePlace(host: "host", path: "/www"), SSHOptions())),
      try Self.words(.remote(nil, SSHOptions())),
      try Self.words(.remote(nil, SSHOptions()), ["BRAINVISA_PUBLISH_SERVER": "other.org"]),
    ]
    #expect(Set(all).count == all.count, "\(all)")
    #expect(all[2] == "directory www; sif; public")
    #expect(throws: InvalidInput.self) {
      try Self.words(.remote(nil, SSHOptions()), ["BRAINVISA_PUBLISH_SERVER": "-x"])
    }
  }
}
