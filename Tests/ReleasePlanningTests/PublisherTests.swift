import HostSystem
import ImageModel
import ReleasePlanning
import TestSupport
import Testing

@Suite struct PublisherTests {
  private let files = FaultyFileSystem(InMemoryFileSystem(root: "/r"))
  private let hub = PlayedDestination()
  private let web = PlayedDestination()

  private var history: ReleaseHistory {
    ReleaseHistory(directory: "/r/releases", pending: "/r/.coppice/release.yaml", files: files)
  }

  private var publisher: Publisher { Publisher(destinations: ["hub": hub, "web": web], history: history) }

  private static func digest(_ text: String) -> Digest { .sha256(text) }

  private struct Plan {
    var lines: [ReleaseLine] = []
    var parts: [Publisher.Part] = []
  }

  /// Every image with two names at the hub and a file on the web.
  private func plan(_ versions: [String: String], only: [String] = ["hub", "web"]) async throws -> Plan {
    var plan = Plan()
    for (image, version) in versions.sorted(by: { $0.key < $1.key }) {
      let places: [(String, PlayedDestination, ArtifactKind, [String])] = [
        ("hub", hub, .docker, ["\(image):1", "\(image):latest"]), ("web", web, .sif, ["\(image)-1.sif"]),
      ]
      for (name, destination, kind, names) in places where only.contains(name) {
        let shipment = Shipment(
          artifact: ArtifactID(kind: kind, name: image, tag: "1"), names: names,
          fingerprint: Fingerprint(Self.digest("inputs")),
          output: ArtifactOutput(digest: Self.digest("\(kind) \(image) \(version)"), size: 10))
        let line = ReleasePlanner.line(
          .init(
            artifact: shipment.artifact, names: names, staleness: .current, output: shipment.output.digest,
            target: try destination.target(of: shipment)), at: name,
          seen: try await destination.published(names.reduce(into: [:]) { $0[$1] = .some(nil) }),
          last: try history.last(at: name).mapValues(\.digest))
        plan.lines.append(line)
        if line.isWork { plan.parts.append(.init(line: line, shipment: shipment)) }
      }
    }
    return plan
  }

  @discardableResult private func publish(_ plan: Plan, time: Int) async throws -> Release? {
    try await publisher.publish(plan.parts, of: plan.lines, time: time)
  }

  private func visible() -> [String: Digest] { hub.names.merging(web.names) { first, _ in first } }

  private func expected(_ versions: [String: String]) -> [String: Digest] {
    versions.reduce(into: [:]) { names, image in
      for name in ["\(image.key):1", "\(image.key):latest"] {
        names[name] = Self.digest("docker \(image.key) \(image.value)")
      }
      names["\(image.key)-1.sif"] = Self.digest("sif \(image.key) \(image.value)")
    }
  }

  @Test func everythingBecomesVisibleAndIsWrittenDown() async throws {
    let versions = ["base": "1", "science": "1"]
    let release = try await publish(try await plan(versions), time: 1000)
    #expect(visible() == expected(versions))
    #expect(release?.entries.count == 6)
    #expect(try history.releases() == [release])
    #expect(try history.pending() == nil)
    #expect(!hub.isHeld && !web.isHeld)
    #expect(try await plan(versions).parts.isEmpty, "nothing is left to do")
    #expect(try await publish(try await plan(versions), time: 2000) == nil)
    #expect(try history.releases().count == 1)
  }

  @Test func onlyWhatChangedIsSentAndSwitched() async throws {
    _ = try await publish(try await plan(["base": "1", "science": "1"]), time: 1000)
    let sent = hub.sent
    let release = try await publish(try await plan(["base": "1", "science": "2"]), time: 2000)
    #expect(release?.entries.map(\.change.name) == ["science:1", "science:latest", "science-1.sif"])
    #expect(hub.sent == sent + 10)
  }

  /// Wherever it fails: before the first switch nothing that people see has changed, later the release is pending; and
  /// it can be completed, and taken back.
  @Test(arguments: [true, false]) func aFaultLeavesTheOldOrAPendingRelease(completes: Bool) async throws {
    let (old, new) = (["base": "1", "science": "1"], ["base": "1", "science": "2", "more": "1"])
    for fault in 0..<20 {
      let other = PublisherTests()
      _ = try await other.publish(try await other.plan(old), time: 1000)
      let plan = try await other.plan(new)
      (fault < 10 ? other.hub : other.web).fail(after: fault % 10)
      let hasFailed: Bool
      do {
        _ = try await other.publish(plan, time: 2000)
        hasFailed = false
      } catch is Failure {
        hasFailed = true
      }
      other.hub.fail(after: nil)
      other.web.fail(after: nil)
      #expect(!other.hub.isHeld && !other.web.isHeld)
      guard hasFailed else {
        #expect(other.visible() == other.expected(new))
        continue
      }
      let pending = try other.history.pending()
      if pending == nil { #expect(other.visible() == other.expected(old), "fault \(fault)") }
      #expect(try other.history.releases().count == 1)
      if completes {
        let release = try await other.publish(try await other.plan(new), time: 3000)
        #expect(other.visible() == other.expected(new), "fault \(fault)")
        let science = release?.entries.first { $0.change.name == "science:1" }
        #expect(science?.change.from == Self.digest("docker science 1"), "what taking back leads to")
      } else if let pending {
        _ = try await other.publisher.takeBack(pending, isPending: true, time: 3000)
        #expect(other.visible() == other.expected(old), "fault \(fault)")
      }
      #expect(try other.history.pending() == nil)
    }
  }

  /// The disk that keeps the history fails: people see the old release, or it is pending, or written down once.
  @Test(arguments: [FaultyFileSystem.Fault.noSpace, .inputOutput, .readOnly, .kill, .powerCut(3)])
  func aFaultOfOurOwnDiskLosesNoRelease(fault: FaultyFileSystem.Fault) async throws {
    let (old, new) = (["base": "1"], ["base": "2", "more": "1"])
    var place = 0
    while true {
      let other = PublisherTests()
      try await other.publish(try await other.plan(old), time: 1000)
      let plan = try await other.plan(new)
      other.files.arm(fault, at: place)
      _ = try? await other.publish(plan, time: 2000)
      let struck = other.files.struck
      other.files.repair()
      let what = Comment("\(fault) at \(place), \(struck?.operation.rawValue ?? "none") \(struck?.path ?? "")")
      let isPending = try other.history.pending() != nil
      let isWritten = try other.history.releases().count == 2
      #expect(!isPending || !isWritten, what)
      if isWritten { #expect(other.visible() == other.expected(new), what) }
      if !isPending && !isWritten { #expect(other.visible() == other.expected(old), what) }
      try await other.publish(try await other.plan(new), time: 3000)
      #expect(other.visible() == other.expected(new), what)
      #expect(try other.history.pending() == nil, what)
      let releases = try other.history.releases()
      #expect(releases.count == 2, what)
      let from = releases.last?.entries.first { $0.change.name == "base:1" }?.change.from
      #expect(from == Self.digest("docker base 1"), what)
      guard struck != nil else { break }
      place += 1
    }
    #expect(place > 3, "every operation was struck")
  }

  @Test func aReleaseIsTakenBack() async throws {
    _ = try await publish(try await plan(["base": "1"]), time: 1000)
    let second = try #require(try await publish(try await plan(["base": "2", "more": "1"]), time: 2000))
    let (back, staying) = try await publisher.takeBack(second, isPending: false, time: 3000)
    #expect(staying.isEmpty)
    #expect(visible() == expected(["base": "1"]))
    #expect(back.undone == second.name)
    #expect(try history.releases().count == 3)
  }

  /// Releases are read in the order of their times: within one second, and by a clock that went back, too.
  @Test(arguments: [[1000, 1000, 1000, 1000], [4000, 3000, 2000, 1000]])
  func releasesStayInTheirOrder(_ times: [Int]) async throws {
    for (round, time) in times.enumerated() {
      let release = try #require(try await publish(try await plan(["base": "\(round)"]), time: time))
      #expect(try history.releases().last == release)
      #expect(try history.last(at: "hub")["base:1"]?.digest == Self.digest("docker base \(round)"))
    }
    let last = try #require(try history.releases().last)
    let (back, _) = try await publisher.takeBack(last, isPending: false, time: 1000)
    #expect(try history.releases().last == back)
    #expect(try history.releases().count == times.count + 1)
  }

  @Test func aNameThatSomebodyMovedStays() async throws {
    _ = try await publish(try await plan(["base": "1"]), time: 1000)
    let plan = try await plan(["base": "2"])
    hub.put("base:latest", Self.digest("theirs"))
    await #expect(throws: Failure.self) { try await publish(plan, time: 2000) }
    #expect(hub.names["base:latest"] == Self.digest("theirs"))
    #expect(try history.pending() == nil && hub.names["base:1"] == Self.digest("docker base 1"), "nothing has switched")
  }

  @Test func twoPublishersDoNotInterleave() async throws {
    let plan = try await plan(["base": "1"])
    _ = try await hub.hold()
    await #expect(throws: Failure.self) { try await publish(plan, time: 1) }
    #expect(visible().isEmpty)
  }

  /// Taking back goes on in its own direction, wherever it ended, also where a name cannot be taken away.
  @Test(arguments: [true, false]) func whatTakesBackIsNotTakenBack(takesAway: Bool) async throws {
    for fault in 0..<20 {
      let other = PublisherTests()
      try await other.publish(try await other.plan(["base": "1"]), time: 1000)
      let second = try #require(try await other.publish(try await other.plan(["base": "2", "more": "1"]), time: 2000))
      for destination in [other.hub, other.web] { destination.takesAway.withLock { $0 = takesAway } }
      (fault < 10 ? other.hub : other.web).fail(after: fault % 10)
      do {
        _ = try await other.publisher.takeBack(second, isPending: false, time: 3000)
      } catch is Failure {}
      other.hub.fail(after: nil)
      other.web.fail(after: nil)
      if let pending = try other.history.pending() {
        #expect(pending.undone == second.name)
        await #expect(throws: Failure.self) { try await other.publish(try await other.plan(["base": "2"]), time: 4000) }
        _ = try await other.publisher.takeBack(pending, isPending: true, time: 4000)
      }
      #expect(try other.history.pending() == nil)
      guard try other.history.releases().last?.undone == second.name else { continue }
      let base = other.visible().filter { $0.key.hasPrefix("base") }
      #expect(base == other.expected(["base": "1"]), "fault \(fault)")
      #expect(other.visible().keys.contains("more:1") == !takesAway)
    }
  }

  @Test func aPendingReleaseIsNotClosedByAnother() async throws {
    try await publish(try await plan(["base": "1"]), time: 1000)
    // The hub has switched, the web has not.
    web.fail(after: 4)
    _ = try? await publish(try await plan(["base": "2"]), time: 2000)
    web.fail(after: nil)
    try #require(try history.pending() != nil)
    await #expect(throws: Failure.self) { try await publish(try await plan(["base": "2"], only: ["hub"]), time: 3000) }
    #expect(try history.pending() != nil)
    // The edit is undone: what had switched goes back, what had not stays.
    let release = try await publish(try await plan(["base": "1"]), time: 4000)
    #expect(visible() == expected(["base": "1"]))
    #expect(release == nil || release?.entries.allSatisfy { $0.change.from != $0.change.to } == true)
    #expect(try history.pending() == nil)
  }

  /// Whoever completes it: the plan that began it has made it.
  @Test func aReleaseThatAPlanHasBegunStaysItsOwn() async throws {
    try await publish(try await plan(["base": "1"]), time: 1000)
    let second = try await plan(["base": "2"])
    web.fail(after: 3)
    _ = try? await publisher.publish(second.parts, of: second.lines, time: 2000, plan: Self.digest("plan"))
    web.fail(after: nil)
    try #require(try history.pending()?.plan == Self.digest("plan"))
    try await publish(try await plan(["base": "2"]), time: 3000)
    let own = try history.switches(by: Self.digest("plan"))
    #expect(own.count == 3 && own[.init("base:1", at: "hub")] == hub.names["base:1"])
  }

  @Test func whatStaysIsNotWrittenDownAsGone() async throws {
    try await publish(try await plan(["base": "1"]), time: 1000)
    let second = try #require(try await publish(try await plan(["base": "2", "more": "1"]), time: 2000))
    hub.takesAway.withLock { $0 = false }
    let (back, staying) = try await publisher.takeBack(second, isPending: false, time: 3000)
    #expect(Set(staying) == ["more:1", "more:latest"])
    #expect(!back.entries.contains { $0.destination == "hub" && $0.change.to == nil })
    #expect(try history.releases().last == back)
    #expect(try history.last(at: "hub")["more:1"] != nil, "it is still ours")
  }

  /// A directory and a mirror of it have the same names.
  @Test func aNameThatMovedAtOnePlaceGoesBackAtTheOther() async throws {
    let id = ArtifactID(kind: .sif, name: "base", tag: "1")
    for destination in [hub, web] {
      destination.put("a.sif", Self.digest("old"))
      destination.put("a.sif", Self.digest("new"))
    }
    let release = Release(
      time: 1000,
      entries: ["hub", "web"].map {
        .init(
          artifact: id, destination: $0, change: NameSwitch("a.sif", from: Self.digest("old"), to: Self.digest("new")))
      })
    hub.put("a.sif", Self.digest("theirs"))
    let (_, staying) = try await publisher.takeBack(release, isPending: false, time: 2000)
    #expect(staying == ["a.sif"])
    #expect(hub.names == ["a.sif": Self.digest("theirs")] && web.names == ["a.sif": Self.digest("old")])
  }
}
