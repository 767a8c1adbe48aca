import ImageModel
import ReleasePlanning
import Testing

@Suite struct ReleasePlannerTests {
  private static let id = ArtifactID(kind: .docker, name: "science", tag: "1")
  private static func digest(_ name: String) -> Digest { .sha256(name) }

  private func line(
    _ seen: [String: PublishedVersion] = [:], staleness: Staleness = .current, last: [String: String] = [:]
  ) -> ReleaseLine {
    let isBuilt = staleness == .current
    return ReleasePlanner.line(
      .init(
        artifact: Self.id, names: ["x:1", "x:latest"], staleness: staleness, output: Self.digest("config"),
        target: isBuilt ? Self.digest("manifest") : nil),
      at: "hub", seen: seen, last: last.mapValues { Self.digest($0) })
  }

  private func version(_ manifest: String, _ config: String? = nil) -> PublishedVersion {
    PublishedVersion(digest: Self.digest(manifest), output: config.map { Self.digest($0) })
  }

  @Test func whatNobodyHasIsNew() {
    let line = line()
    #expect(line.change == .new)
    #expect(line.switches.map(\.name) == ["x:1", "x:latest"])
    #expect(line.switches.allSatisfy { $0.from == nil && $0.to == Self.digest("manifest") })
  }

  @Test func whatIsThereIsUnchanged() {
    let line = line(["x:1": version("manifest"), "x:latest": version("manifest"), "y:1": version("other")])
    #expect(line.change == .unchanged)
    #expect(!line.isWork && line.switches.isEmpty)
  }

  @Test func theSameImageInAnotherWrappingIsUnchanged() {
    let line = line(["x:1": version("other manifest", "config"), "x:latest": version("manifest")])
    #expect(line.change == .unchanged)
    #expect(line.switches.isEmpty)
  }

  @Test func anotherImageIsChanged() {
    let line = line(["x:1": version("old", "old config"), "x:latest": version("manifest")])
    #expect(line.change == .changed)
    #expect(line.switches == [NameSwitch("x:1", from: Self.digest("old"), to: Self.digest("manifest"))])
  }

  @Test func aNameThatIsMissingIsWork() {
    let line = line(["x:1": version("manifest")])
    #expect(line.change == .changed)
    #expect(line.switches.map(\.name) == ["x:latest"])
  }

  @Test func whatIsStaleMustBeBuiltFirst() {
    let (seen, stale) = (["x:1": version("old")], Staleness.stale([.neverBuilt]))
    #expect(line(staleness: stale).change == .new)
    #expect(line(seen, staleness: stale).change == .changed)
    #expect(line(seen, staleness: stale).needsBuild)
    #expect(line(seen, staleness: stale).switches.isEmpty)
    let upstream = ArtifactID(kind: .docker, name: "base", tag: "1")
    #expect(line(seen, staleness: .stale([.upstreamWillRebuild(upstream)])).change == .uncertain)
  }

  @Test func whatSomebodyElseMovedIsTold() {
    let seen = ["x:1": version("theirs"), "x:latest": version("old")]
    #expect(line(seen, last: ["x:1": "old", "x:latest": "old"]).moved == ["x:1"])
    #expect(line(seen).moved == [], "nobody knows what it was before")
    #expect(line(["x:1": version("manifest")], last: ["x:1": "old"]).moved == [], "it is where it shall be")
  }

  @Test func whatNoDefinitionMakesIsRetired() {
    let gone = ArtifactID(kind: .docker, name: "gone", tag: "1")
    let last = [
      "gone:1": (artifact: gone, digest: Self.digest("g")), "lost:1": (artifact: gone, digest: Self.digest("l")),
      "x:1": (artifact: Self.id, digest: Self.digest("manifest")),
    ]
    let lines = ReleasePlanner.retired(
      last, at: "hub", known: ["x:1"], seen: ["gone:1": version("g"), "x:1": version("manifest")])
    #expect(lines.map(\.names) == [["gone:1"]])
    #expect(lines.allSatisfy { $0.change == .retired && !$0.isWork })
  }
}
