import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// A build that ends anywhere leaves nothing false, and the next one goes on from there.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct KillTests {
  /// What ends, and how.
  enum Victim: CaseIterable {
    case coppiceAlone, everythingThatItStarted, theEngine, asked

    /// How many builds end in each phase.
    var quota: Int {
      switch self {
      case .coppiceAlone: Laboratory.isSoak ? 38 : 4
      case .everythingThatItStarted: Laboratory.isSoak ? 38 : 2
      case .theEngine, .asked: Laboratory.isSoak ? 20 : 1
      }
    }

    var phases: [KillYard.Phase] { self == .theEngine ? [.build, .export] : KillYard.Phase.allCases }
  }

  /// A build that is to end so, and where.
  struct Aim: Hashable {
    var victim: Victim
    var phase: KillYard.Phase
  }

  @Test func aBuildThatIsEndedAnywhereGoesOn() async throws {
    var random = SeededGenerator(seed: 0)
    let aims = Victim.allCases.flatMap { victim in
      victim.phases.flatMap { repeatElement(Aim(victim: victim, phase: $0), count: victim.quota) }
    }
    var missing = aims.shuffled(using: &random)
    var hits: [Aim: Int] = [:]
    var yard = try await KillYard()
    for round in 0..<(4 * aims.count) {
      guard let aim = missing.first else { break }
      // The store grows with every round, and so does what it costs to look at all of it.
      if round % 40 == 39 {
        try await yard.expectImagesAreTrue()
        yard = try await KillYard()
      }
      let phase = try await yard.round("\(aim.victim) \(round)", aim.phase, &random) { build in
        switch aim.victim {
        case .coppiceAlone: build.send(SIGKILL)
        case .everythingThatItStarted: build.killWithDescendants()
        case .theEngine: yard.killEngine(of: build)
        case .asked: build.send(round % 2 == 0 ? SIGINT : SIGTERM)
        }
      }
      guard let phase else { continue }
      let hit = Aim(victim: aim.victim, phase: phase)
      hits[hit, default: 0] += 1
      if let index = missing.firstIndex(of: hit) { missing.remove(at: index) }
      if round % 10 == 9 { Soak.tell("\(round + 1) builds ended, \(missing.count) of \(aims.count) instants left") }
    }
    try await yard.expectImagesAreTrue()
    for victim in Victim.allCases {
      let counts = KillYard.Phase.allCases.map { "\($0) \(hits[Aim(victim: victim, phase: $0), default: 0])" }
      Soak.tell("ended \(victim): \(counts.joined(separator: ", "))")
    }
    #expect(missing == [])
    #expect(Processes.withCommand(containing: yard.tree.directory.path.description) == [])
  }

  @Test func whatAKilledRunLeftHalfWrittenIsRemoved() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("base")
    for directory in ["", ".coppice/"] as [FilePath] { try tree.write(directory / ".coppice-1hf7x0qjt3k2c", "torn") }
    try tree.write(".coppice/tmp/build-1hf7x0qjt3k2c-2hf7x0qjt3k2c/context/file", "torn")
    try tree.write(".coppice-notes", "a person's")
    try await tree.build("all")
    #expect(try tree.leftovers() == [".coppice-notes"])
  }
}

/// A tree that is built in a second, and builds of it that are ended at a chosen instant.
final class KillYard: Sendable {
  /// What coppice is about when it is stopped.
  enum Phase: CaseIterable {
    case scan, build, export, record

    /// What the engine is asked for in this phase.
    var verb: String? { self == .build ? "bud" : self == .export ? "push" : nil }
    /// With which line of the engine it begins.
    var mark: String? { self == .record ? "done: push" : verb }
  }

  let tree: Repository
  private let variables: [String: String]
  /// How long each phase takes when nobody disturbs it; less, once a build was faster.
  private let durations: Locked<[Phase: Duration]>
  /// What the engine was asked for, and what it has done of it.
  private var verbs: FilePath { tree.directory / "home/verbs" }

  /// The engine tells what it is asked for, so that we know how far a build is. What has a file here does not end
  /// before that is removed, however late we come.
  private static let engine = #"""
    echo "$1" >> "$HOME/verbs"
    "$real" "$@"
    status=$?
    while [ -e "$HOME/hold-$1" ]; do sleep 0.02; done
    echo "done: $1" >> "$HOME/verbs"
    exit $status
    """#

  /// base ← top and base ← side: nothing is run in them, so that an engine needs some tenths of a second for each.
  init() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    for name in ["base", "side", "top"] {
      let yaml = "image_sources:\n  - {name: \(name), tags: ['1']}\n"
      try tree.define(
        "\(name)/1", name == "base" ? yaml : "dependencies: [../../base]\n" + yaml,
        dockerfile: "FROM \(name == "base" ? "scratch" : "cati/base:1")\nCOPY text /\(name)\n")
      try tree.write(FilePath("share/docker/\(name)/1/text"), name)
    }
    let variables = try tree.standIn(for: "buildah", Self.engine)
    let verbs = tree.directory / "home/verbs"
    func build() async throws -> (begun: [Phase: ContinuousClock.Instant], end: ContinuousClock.Instant) {
      try Laboratory.files.remove(verbs)
      let running = try await tree.start("build", "all", "--progress", "json", adding: variables)
      let clock = ContinuousClock()
      var begun: [Phase: ContinuousClock.Instant] = [:]
      for phase in Phase.allCases {
        try await waitUntil("\(phase) begins") { try Self.hasBegun(phase, verbs) }
        begun[phase] = clock.now
      }
      let run = try await running.end()
      try #require(run.exitCode == 0, "\(run.all)")
      return (begun, clock.now)
    }
    _ = try await build()
    try tree.write("share/docker/side/1/text", "measured")
    let (begun, end) = try await build()
    func time(_ first: Phase, _ second: Phase?) -> Duration {
      begun[first]?.duration(to: second.flatMap { begun[$0] } ?? end) ?? .zero
    }
    (self.tree, self.variables) = (tree, variables)
    durations = Locked([
      .scan: time(.scan, .build), .build: time(.build, .export), .export: time(.export, .record),
      .record: time(.record, nil),
    ])
  }

  private static func hasBegun(_ phase: Phase, _ verbs: FilePath) throws -> Bool {
    guard let mark = phase.mark else { return true }
    let bytes = try Laboratory.files.contentsIfPresent(of: verbs, limit: 1 << 20) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains(mark[...])
  }

  /// Starts a build of what was edited, ends it in the phase aimed at, and looks whether all is well.
  /// - Returns: the phase that was hit; nil when the build had ended.
  func round(
    _ name: String, _ aim: Phase, _ random: inout SeededGenerator, end: (RunningCoppice) -> Void
  ) async throws -> Phase? {
    let edited = ["side", "top"].filter { $0 == "side" || random.once(in: 4) }
    for image in edited { try tree.write(FilePath("share/docker/\(image)/1/text"), name) }
    try Laboratory.files.remove(verbs)
    let hold = aim.verb.map { tree.directory / FilePath("home/hold-\($0)") }
    if let hold { try Laboratory.files.replace(hold, with: [], mode: 0o644) }
    let build = try await tree.start("build", "all", "--progress", "json", adding: variables)
    try await waitUntil("\(aim) begins") { try Self.hasBegun(aim, self.verbs) }
    try await Task.sleep(for: durations.withLock { $0[aim] ?? .zero } * Double.random(in: 0..<1, using: &random))
    // Stopped, it does not move on while we look.
    build.send(SIGSTOP)
    let phase = try self.phase(of: build)
    end(build)
    if let hold { try Laboratory.files.remove(hold) }
    build.send(SIGCONT)
    let run = try await build.end()
    if phase != aim { durations.withLock { $0[aim]? /= 2 } }
    try await expectRecovery(after: build, run, edited, "\(name), in \(phase.map { "\($0)" } ?? "nothing")")
    return phase
  }

  private func phase(of build: RunningCoppice) throws -> Phase? {
    if Processes.command(of: build.processID).isEmpty { return nil }
    let commands = Processes.descendants(of: build.processID).map(Processes.command)
    for phase in [Phase.export, .build] {
      if let verb = phase.verb, commands.contains(where: { $0.contains(" \(verb) ") }) { return phase }
    }
    return try Phase.allCases.last { try Self.hasBegun($0, self.verbs) }
  }

  func killEngine(of build: RunningCoppice) {
    for process in Processes.descendants(of: build.processID) {
      let command = Processes.command(of: process)
      if command.contains(" bud ") || command.contains(" push ") { kill(process, SIGKILL) }
    }
  }

  private func expectRecovery(after build: RunningCoppice, _ run: Run, _ edited: [String], _ when: String) async throws
  {
    try tree.expectNothingIsHalfWritten()
    switch run.status {
    case .exited(0): break
    // A step failed because its engine was killed: said in words.
    case .exited(1): #expect(try run.events.last?["event"]?.string == "done", "\(when): \(run.all)")
    case .exited(130): #expect(try tree.leftovers() == [], "\(when)")
    // At its very start nothing has asked for the signals yet.
    case .signaled(let signal): #expect(signal == SIGKILL || build.output.isEmpty, "\(when): \(run.all)")
    default: Issue.record("\(when): \(run.all)")
    }
    // The lockfile can be read: every block is whole.
    let status = try await tree.coppice("status", "--json")
    #expect(status.exitCode == 0 && status.errorOutput.isEmpty, "\(when): \(status.all)")

    let ended = try build.finished.filter { !$0.hasSuffix(" failed") && !$0.hasSuffix(" skipped") }
    let done = ended.map { $0.prefix { $0 != " " } }
    let again = try await tree.start("build", "all", "--progress", "json", adding: variables)
    let recovered = try await again.end()
    #expect(recovered.exitCode == 0, "\(when): \(recovered.all)")
    let steps = try again.finished
    // What had ended is not run again: it is current, or taken from the store; nothing else was ever to be done.
    for id in done {
      #expect(!steps.contains { $0.hasPrefix(id + " ") && !$0.hasSuffix(" restored") }, "\(when): \(done), \(steps)")
    }
    let wanted = edited.map { "docker/\($0):1 " }
    #expect(steps.allSatisfy { step in wanted.contains { step.hasPrefix($0) } }, "\(when): \(steps)")
    try await tree.expectEverythingIsWell()
    let last = try await tree.run("build", "all", adding: variables)
    #expect(last.exitCode == 0 && last.output.contains("nothing to build"), "\(when): \(last.all)")
  }

  /// What the engine shows of each image is what its directory holds.
  func expectImagesAreTrue() async throws {
    for name in ["base", "side", "top"] {
      let text = try tree.directory.text(FilePath("share/docker/\(name)/1/text"))
      #expect(try await tree.file(FilePath(name), inImage: "\(name):1") == text)
    }
    let collected = try await tree.coppice("gc")
    #expect(collected.exitCode == 0, "\(collected.all)")
    #expect(try Laboratory.files.entries(of: tree.store / "coppice/temporary").isEmpty)
    try await tree.expectEverythingIsWell()
  }
}

extension Processes {
  /// The command line of a process, empty when it has ended.
  fileprivate static func command(of process: pid_t) -> String {
    let path = FilePath("/proc/\(process)/cmdline")
    let bytes = (try? Laboratory.files.contents(of: path, limit: 1 << 20)) ?? []
    return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
  }
}
