import HostSystem
import ImageModel
import ReleasePlanning
import TestSupport
import Testing

@Suite struct ReleaseTests {
  private let release = Release(
    time: 1_763_650_000,
    entries: [
      .init(
        artifact: ArtifactID(kind: .docker, name: "base", tag: "1"), destination: "hub",
        change: NameSwitch("docker.io/cati/base:1", from: nil, to: .sha256("a"))),
      .init(
        artifact: ArtifactID(kind: .sif, name: "base", tag: "1"), destination: "web",
        change: NameSwitch("base-1.sif", from: .sha256("b"), to: nil)),
    ], undone: "2025-01-01")

  @Test func aReleaseIsReadAsItWasWritten() throws {
    #expect(try Release(reading: Array(release.text.utf8), file: "x.yaml") == release)
    #expect(release.name.hasPrefix("2025-11-20T14-46-40Z-"))
  }

  @Test(arguments: [
    "", "a: [", "version: 2\n", "version: 1\n", "version: 1\nseconds: 1\npublished: [1]\n",
    "version: 1\nseconds: 1\npublished:\n  - {artifact: docker/a:1, destination: d, name: n, to: sha256:12}\n",
  ])
  func whatIsNoReleaseIsSaidSo(_ text: String) {
    #expect(throws: InvalidInput.self) { try Release(reading: Array(text.utf8), file: "x.yaml") }
  }

  @Test func theLastReleaseThatNamesItCounts() throws {
    let files = InMemoryFileSystem(root: "/r")
    let history = ReleaseHistory(directory: "/r/releases", pending: "/r/pending", files: files)
    let id = ArtifactID(kind: .docker, name: "base", tag: "1")
    for (time, digest) in [(1000, "a"), (2000, "b")] {
      try history.finish(
        Release(
          time: time,
          entries: [.init(artifact: id, destination: "hub", change: NameSwitch("x", from: nil, to: .sha256(digest)))]))
    }
    #expect(try history.last(at: "hub").mapValues(\.digest) == ["x": .sha256("b")])
    #expect(try history.last(at: "web").isEmpty)
  }
}
