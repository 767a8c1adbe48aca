import Glibc
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Publishing that ends anywhere: people see the old release, or one that `plan` says is incomplete and in which names;
/// the next run completes it, or takes it back.
@Suite(
  .serialized,
  .enabled(if: Laboratory.has("buildah") && Laboratory.has("docker-registry"), "make test prepares the peers"))
struct PublishKillTests {
  /// How one goes on after the end.
  private enum Way: String {
    case complete, takeBack

    var words: [String] { ["publish", "--yes"] + (self == .complete ? [] : ["--rollback"]) }
  }

  @Test func whatEndsAnywhereIsCompletedOrTakenBack() async throws {
    try await Registry.with { registry in
      let proxy = try BreakingProxy(to: registry.address)
      var world = try await World(registry, at: proxy.name)
      let (before, start) = (proxy.requests.count, ContinuousClock.now)
      let lines = try await world.publishUndisturbed()
      let longest = ContinuousClock.now - start
      let requests = Array(proxy.requests[before...])
      try await killed(world, lines: lines, longest: longest)
      try await cutOff(world, proxy, requests: requests)
    }
  }

  private func killed(_ world: World, lines: Int, longest: Duration) async throws {
    let start = ContinuousClock.now
    var random = SeededGenerator(seed: Soak.start)
    var counts: [String: Int] = [:]
    /// At some time, or some time after it has said something.
    func kill(_ words: [String]) async throws -> Bool {
      let running = try await world.tree.start(words)
      if random.once(in: 2) {
        try await Task.sleep(for: longest * Double.random(in: 0...1, using: &random))
        running.send(SIGKILL)
      } else {
        let delay = Duration.microseconds(Int.random(in: 0...20_000, using: &random))
        try await running.send(SIGKILL, delay, afterLine: Int.random(in: 0..<lines, using: &random))
      }
      return try await running.end().exitCode != 0
    }
    for number in 0..<Soak.kills(7) {
      let what = Comment("kill \(number) of seed \(Soak.start)")
      try await world.snapshot.restore()
      let isKilled = try await kill(Way.complete.words)
      var end = try await world.check(what)
      counts[isKilled ? end.rawValue : "not killed", default: 0] += 1
      #expect(isKilled || end == .new, what)
      let way = end == .pending && random.once(in: 2) ? Way.takeBack : .complete
      // Once more, on the way back or on.
      if random.once(in: 6), way == .complete || end == .pending {
        _ = try await kill(way.words)
        end = try await world.check(what)
      }
      if way == .complete || end == .pending { try await world.goOn(way, what) }
    }
    Soak.tell("\(counts), \(ContinuousClock.now - start)")
    if Soak.factor > 1 { #expect(counts.keys.contains("pending") && counts.keys.contains("old"), "\(counts)") }
  }

  /// A registry that dies at a request, before that or when it has done what was asked.
  private func cutOff(_ world: World, _ proxy: BreakingProxy, requests: [String]) async throws {
    let manifests = requests.indices.filter { requests[$0].hasPrefix("PUT ") && requests[$0].contains("/manifests/") }
    let tags = manifests.filter { !requests[$0].contains("/sha256") }
    try #require(tags.count == 12 && manifests[0] < tags[0], "\(requests)")
    // Between the blobs and the first manifest; between the tags 3 and 4; anywhere.
    var random = SeededGenerator(seed: Soak.start)
    var ends = [(manifests[0], false), (tags[2], true)]
    ends.append((requests.indices.randomElement(using: &random) ?? 0, random.once(in: 2)))
    if Soak.factor > 1 { ends += requests.indices.map { ($0, random.once(in: 2)) } }
    for (place, arrives) in ends {
      let what = Comment("\(requests[place]), request \(place), \(arrives ? "done" : "not done")")
      try await world.snapshot.restore()
      proxy.breakOff(after: place, arrives: arrives)
      let run = try await world.tree.release("publish", "--yes", expecting: 1)
      #expect(run.errorOutput.contains("\(proxy.name) cannot be reached"), "\(what) \(run.all)")
      if place == tags[2] {
        // Nothing is said of what cannot be asked.
        let plan = try await world.tree.release("plan", "--only", "hub", expecting: 1)
        #expect(plan.errorOutput.contains("the destination 'hub' cannot be asked"), "\(what) \(plan.all)")
      }
      try proxy.heal()
      let end = try await world.check(what)
      // Each tag is asked for, and its manifest fetched, before it switches.
      #expect(end == (place >= tags[0] - 2 ? .pending : .old), what)
      try await world.goOn(.complete, what)
    }
  }

  /// A tree whose old release is published, and all of whose images were built anew since.
  private struct World {
    enum End: String { case old, pending, new }

    let tree: Repository
    let registry: Registry
    let address: String
    let snapshot: ReleaseSnapshot
    private let old: [String: String]
    private var new: [String: String] = [:]

    init(_ registry: Registry, at address: String) async throws {
      (self.registry, self.address) = (registry, address)
      tree = try await Repository.builtToRelease(at: address)
      _ = try await tree.release("publish", "--yes")
      old = try tree.published(registry)
      for image in ["base", "science", "other"] { try tree.write("share/docker/\(image)/1/data", "\(image), new\n") }
      try await tree.build()
      snapshot = try await ReleaseSnapshot(of: tree, and: [registry.data])
    }

    /// - Returns: how many lines it prints.
    mutating func publishUndisturbed() async throws -> Int {
      let run = try await tree.release("publish", "--yes")
      new = try tree.published(registry)
      #expect(old.count == 15 && new.count == 15 && old.allSatisfy { new[$0.key] != $0.value })
      return run.output.split(separator: "\n").count
    }

    /// What people see is one of the three ends, and known to be that one.
    func check(_ what: Comment) async throws -> End {
      try expectWholeFiles(what)
      let (releases, isPending) = try history
      guard isPending else {
        let seen = try tree.published(registry)
        #expect(releases.count == 1 && seen == old || releases.count == 2 && seen == new, what)
        return releases.count == 1 ? .old : .new
      }
      var (seen, told): ([String: String], JSONValue?) = ([:], nil)
      // A request may come to its end after who made it was killed.
      repeat {
        seen = try tree.published(registry)
        told = try JSONValue(parsing: try await tree.release("plan", "--json").output)["pending"]
      } while try tree.published(registry) != seen
      #expect(seen.allSatisfy { $0.value == old[$0.key] || $0.value == new[$0.key] } && seen.count == 15, what)
      let files = seen.filter { $0.key.hasSuffix(".sif") }
      #expect(Set(files.map { $0.value == new[$0.key] }).count == 1, "\(what): files of two releases")
      let isBack = told?["undone"]?.isNull == false
      func names(_ key: String) -> Set<String> {
        Set((told?[key]?.array ?? []).compactMap { $0["name"]?.string.map(short) })
      }
      #expect(names("left") == Set(seen.filter { $0.value == (isBack ? new : old)[$0.key] }.keys), what)
      #expect(names("switched") == Set(seen.filter { $0.value == (isBack ? old : new)[$0.key] }.keys), what)
      return .pending
    }

    private func short(_ name: String) -> String { name.replacing("\(address)/team/", with: "") }

    /// The texts of releases, and whether one has begun that is not among them.
    private var history: (releases: [String], isPending: Bool) {
      get throws {
        let names = try Laboratory.files.names(of: tree.directory / "releases").compactMap(\.name.text)
        let releases = try names.filter { $0.hasSuffix(".yaml") }.sorted().map {
          try tree.directory.text("releases/\($0)")
        }
        let pending = tree.directory / ".coppice/release.yaml"
        guard try Laboratory.files.statusIfPresent(of: pending) != nil else { return (releases, false) }
        return (releases, try !releases.contains(tree.directory.text(".coppice/release.yaml")))
      }
    }

    /// Each file of the directory has its own companions, and is in the list of all.
    private func expectWholeFiles(_ what: Comment) throws {
      let www = tree.directory / "www"
      let index = try JSONValue(parsing: try tree.directory.text("www/index.json"))["files"]?.array ?? []
      for file in index {
        let name = file["name"]?.string ?? ""
        let digest = try Laboratory.files.digest(of: try Laboratory.files.resolved(www / FilePath(name)))
        let sidecar = try JSONValue(parsing: try tree.directory.text("www/\(name).json"))
        #expect(file["sha256"]?.string == digest.hex && sidecar["sha256"]?.string == digest.hex, what)
      }
      #expect(index.count == 3, what)
    }

    /// To the new release, or back to the old one.
    func goOn(_ way: Way, _ what: Comment) async throws {
      let run = try await tree.coppice(way.words)
      #expect(run.exitCode == 0, "\(what) \(run.all)")
      #expect(try tree.published(registry) == (way == .complete ? new : old), what)
      let (releases, isPending) = try history
      #expect(!isPending && (way == .takeBack || releases.count == 2), what)
      guard way == .complete, let last = releases.last else { return }
      // As if nothing had happened.
      let entries = try ReleaseText.entries(last)
      #expect(entries.count == 15, what)
      for (name, change) in entries {
        #expect(change.from == old[short(name)] && change.to == new[short(name)], "\(what) \(name)")
      }
    }
  }
}

/// The lines of a release as it is written down.
private enum ReleaseText {
  static func entries(_ text: String) throws -> [String: (from: String, to: String)] {
    var (entries, name, from): ([String: (from: String, to: String)], String, String) = ([:], "", "")
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ").map { $0.filter { $0 != "'" && $0 != "\"" } }
      guard let key = words.first(where: { $0.hasSuffix(":") }), let value = words.last else { continue }
      switch key {
      case "name:": name = value
      case "from:": from = value
      case "to:": entries[name] = (from, value)
      default: continue
      }
    }
    return entries
  }
}
