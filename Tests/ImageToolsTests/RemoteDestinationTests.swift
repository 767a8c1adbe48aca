import ContentStore
import HostSystem
import ImageModel
import ReleasePlanning
import TestSupport
import Testing

@testable import ImageTools

/// Names in a directory of another machine: a real ssh server, a real rsync.
@Suite(.serialized, .enabled(if: SSHServer.isPossible, "make test installs openssh-server and rsync"))
struct RemoteDestinationTests {
  private let bench: ImageBench
  private let files = PosixFileSystem()

  init() throws { bench = try ImageBench(isInMemory: true) }

  /// Counts what is run.
  private final class Recorder: ProcessRunner {
    private let real = PosixProcessRunner()
    private let log = Locked<[[String]]>([])
    var programs: [String] { log.withLock { $0.map { $0[0] } } }
    var words: [[String]] { log.withLock { $0 } }

    func run(_ command: ProcessCommand) async throws(ProcessError) -> HostSystem.ExitStatus {
      log.withLock { $0.append(command.arguments) }
      return try await real.run(command)
    }
  }

  private func destination(
    _ server: SSHServer, _ root: FilePath, options: SSHOptions? = nil, publisher: String = "me",
    processes: any ProcessRunner = PosixProcessRunner()
  ) -> DirectoryDestination {
    DirectoryDestination(
      server.place(root), options ?? server.options(), publisher: publisher, store: bench.store,
      images: bench.directory / "images", files: files, processes: processes,
      environment: ProcessEnvironment.current)
  }

  private func shipment(_ name: String, _ content: [UInt8]) throws -> Shipment {
    let digest = try bench.store.put(content)
    let id = ArtifactID(kind: .sif, name: name, tag: "1")
    let file = ConversionRecipe.fileName(of: id)
    try bench.directory.write(
      FilePath("images/\(file).json"), "{\"sha256\":\"\(digest.hex)\",\"md5\":\"it's the sum of \(digest.short)\"}")
    return Shipment(
      artifact: id, names: [file], fingerprint: Fingerprint(.sha256("inputs")),
      output: ArtifactOutput(digest: digest, size: content.count))
  }

  private func shipment(_ name: String, _ content: String) throws -> Shipment {
    try shipment(name, Array(content.utf8))
  }

  private func publish(_ contents: [String: String], _ destination: DirectoryDestination) async throws {
    let shipments = try contents.sorted { $0.key < $1.key }.map { try shipment($0.key, $0.value) }
    let hold = try await destination.hold()
    defer { hold?.release() }
    let seen = try await destination.published(shipments.reduce(into: [:]) { $0[$1.names[0]] = .some(nil) })
    let work = shipments.filter { seen[$0.names[0]]?.digest != $0.output.digest }
    for shipment in work { try await destination.upload(shipment) { _ in } }
    _ = try await destination.perform(
      work.map { NameSwitch($0.names[0], from: seen[$0.names[0]]?.digest, to: $0.output.digest) }
    ) { _ in }
  }

  /// What a reader of the directory finds.
  private func shown(_ root: FilePath) -> [String: String] {
    var shown: [String: String] = [:]
    for entry in (try? files.names(of: root)) ?? [] {
      guard let name = entry.name.text, !name.hasPrefix("."), !name.hasPrefix("index."),
        let bytes = try? files.contents(of: root / entry.name, limit: 1 << 20)
      else { continue }
      shown[name] = String(decoding: bytes, as: UTF8.self)
    }
    return shown
  }

  private func expected(_ contents: [String: String]) -> [String: String] {
    contents.reduce(into: [:]) { result, content in
      let (name, digest) = ("\(content.key)-1.sif", Digest.sha256(content.value))
      result[name] = content.value
      result[name + ".md5"] = "it's the sum of \(digest.short)"
      result[name + ".json"] = "{\"sha256\":\"\(digest.hex)\",\"md5\":\"it's the sum of \(digest.short)\"}"
    }
  }

  @Test func onlyWhatChangedIsSentWhateverTheDirectoryIsCalled() async throws {
    let names = [
      "it's a \"web\" root; $(touch pwned)`touch pwned`", #"-rf back\slash\\'! *?[a-z] &|<>"#, "~root #{}() ünï %s\\n",
    ]
    try await SSHServer.with { server in
      for name in names {
        let root = bench.directory / "sites" / FilePath(name)
        try await publish(["a": "one", "b": "two"], destination(server, root))
        #expect(shown(root) == expected(["a": "one", "b": "two"]), "\(name)")
        let recorder = Recorder()
        try await publish(["a": "one", "b": "three"], destination(server, root, processes: recorder))
        #expect(shown(root) == expected(["a": "one", "b": "three"]), "\(name)")
        #expect(recorder.programs.count { $0 == "rsync" } == 1, "only b has changed")
        #expect(try bench.directory.text("sites/\(name)/index.html").contains("b-1.sif"))
      }
      let made = try files.names(of: bench.directory / "sites").compactMap(\.name.text)
      #expect(made.sorted() == names.sorted(), "nothing else was made")
      let pwned = FilePath(ProcessEnvironment.current["HOME"] ?? "/root") / "pwned"
      #expect(try files.statusIfPresent(of: pwned) == nil)
    }
  }

  /// What is done here and what is done there is the same.
  @Test func bothSitesAreAlike() async throws {
    try await SSHServer.with { server in
      let (near, far) = (bench.directory / "near", bench.directory / "far")
      let local = DirectoryDestination(
        root: near, store: bench.store, images: bench.directory / "images", files: files)
      for root in [near, far] {
        try files.createDirectory(root)
        try files.replace(root / "a-1.sif", with: Array("foreign".utf8), mode: 0o644)
        try files.createLink(root / "b-1.sif", to: "nowhere")
      }
      for destination in [local, destination(server, far)] {
        let seen = try await destination.published(["a-1.sif": nil, "b-1.sif": nil])
        #expect(seen.mapValues(\.digest) == ["a-1.sif": .sha256("foreign")])
        try await publish(["a": "one", "b": "two"], destination)
        for content in ["3", "4", "5", "6"] { try await publish(["b": content], destination) }
        _ = try await destination.perform([NameSwitch("b-1.sif", from: .sha256("6"), to: .sha256("5"))]) { _ in }
        _ = try await destination.perform([NameSwitch("a-1.sif", from: .sha256("one"), to: nil)]) { _ in }
        #expect(try await destination.published(["a-1.sif": nil]).isEmpty)
        await #expect(throws: Failure.self) {
          _ = try await destination.perform([NameSwitch("b-1.sif", from: .sha256("6"), to: .sha256("5"))]) { _ in }
          _ = try await destination.perform([NameSwitch("b-1.sif", from: .sha256("6"), to: .sha256("4"))]) { _ in }
        }
      }
      #expect(shown(far) == expected(["b": "5"]))
      #expect(try tree(near) == tree(far))
    }
  }

  /// Every path with what it is, but for what is ours alone.
  private func tree(_ root: FilePath, _ inside: FilePath = "") throws -> [String] {
    try files.names(of: root / inside).flatMap { entry -> [String] in
      let path = inside / entry.name
      switch entry.kind {
      case .directory where entry.name == "incoming" || entry.name == "publishing": return []
      case .directory: return ["\(path)/"] + (try tree(root, path))
      case .symbolicLink: return ["\(path) -> \(try files.target(ofLink: root / path))"]
      default: return ["\(path) \(try files.digest(of: root / path))"]
      }
    }
  }

  @Test func whatWasSentIsNotSentAgainAndDamageIsSeen() async throws {
    var random = SeededGenerator(seed: 7)
    let content = (0..<3_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    try await SSHServer.with { server in
      let root = bench.directory / "www"
      let incoming = root / ".coppice/incoming"
      let parts: [[UInt8]] = [
        Array(content[..<2_000_000]), Array(repeating: 7, count: 2_000_000), Array(repeating: 7, count: 3_000_000),
        Array(repeating: 7, count: 4_000_000), [],
      ]
      for part in parts {
        try files.removeTree(root)
        try files.createDirectory(incoming)
        let shipment = try shipment("a", content)
        try files.replace(incoming / FilePath(shipment.output.digest.hex), with: part, mode: 0o600)
        let told = Locked(0)
        try await destination(server, root).upload(shipment) { count in told.withLock { $0 += count } }
        #expect(
          try files.digest(of: root / ".coppice/files" / FilePath(shipment.output.digest.hex)) == .sha256(content))
        #expect(told.withLock { $0 } >= 3_000_000)
        #expect(try files.names(of: incoming).isEmpty)
      }
    }
  }

  @Test func onlyOnePublishes() async throws {
    try await SSHServer.with { server in
      let root = bench.directory / "www"
      let local = DirectoryDestination(root: root, store: bench.store, images: bench.directory / "images", files: files)
      let first = try await destination(server, root, publisher: "first").hold()
      for other in [destination(server, root, publisher: "second"), local] {
        await #expect(throws: Failure.self) { _ = try await other.hold() }
      }
      // One that was killed left its lock; the next run from the same repository takes it.
      first?.release()
      let second = try await destination(server, root, publisher: "second").hold()
      second?.release()
      let lock = root / ".coppice/publishing"
      while try files.statusIfPresent(of: lock) != nil { try await Task.sleep(for: .milliseconds(10)) }
      for (owner, age, isTaken) in [("third", 0, false), ("me", 0, true), ("third", 700, true)] {
        try files.createDirectory(lock)
        try files.replace(lock / "owner", with: Array("\(owner)\n1\n".utf8), mode: 0o644)
        let now = try files.status(of: lock / "owner", followingLinks: false).modified
        try files.setModified(now - age * 1_000_000_000, of: lock / "owner")
        do {
          try await publish(["a": "\(owner) \(age)"], destination(server, root))
          #expect(isTaken, "\(owner) \(age)")
        } catch let failure as Failure {
          #expect(!isTaken && failure.message.contains("somebody else publishes") && failure.message.contains("third"))
        }
        try files.removeTree(lock)
      }
      #expect(shown(root)["a-1.sif"] == "third 700")
    }
  }

  @Test func whoLostTheRightChangesNothing() async throws {
    try await SSHServer.with { server in
      let root = bench.directory / "www"
      try await publish(["a": "one"], destination(server, root))
      let slow = destination(server, root)
      let hold = try await slow.hold()
      defer { hold?.release() }
      let shipment = try shipment("a", "two")
      try await slow.upload(shipment) { _ in }
      try files.replace(root / ".coppice/publishing/owner", with: Array("other\n2\n".utf8), mode: 0o644)
      await #expect(throws: Failure.self) {
        _ = try await slow.perform([NameSwitch("a-1.sif", from: .sha256("one"), to: .sha256("two"))]) { _ in }
      }
      #expect(shown(root) == expected(["a": "one"]))
    }
  }

  @Test func faultsAreSaidInWords() async throws {
    func message(_ body: () async throws -> Void) async -> String {
      do {
        try await body()
        return "nothing failed"
      } catch let failure as Failure {
        return failure.message + " / " + (failure.help ?? "")
      } catch {
        return "\(error)"
      }
    }
    try await SSHServer.with { server in
      let root = bench.directory / "www"
      let nobody = await message {
        var options = server.options()
        options.port = 1
        try await publish(["a": "one"], destination(server, root, options: options))
      }
      #expect(nobody.contains("cannot be reached") && nobody.contains("Connection refused"), "\(nobody)")
      let stranger = await message {
        try await publish(["a": "one"], destination(server, root, options: server.options(key: "stranger")))
      }
      #expect(
        stranger.contains("denies access") && stranger.contains("key that ssh uses without asking"), "\(stranger)")
      let unknown = await message {
        try await publish(["a": "one"], destination(server, root, options: server.options(knowsHost: false)))
      }
      #expect(unknown.contains("does not know the key of 127.0.0.1"), "\(unknown)")
      try files.createDirectory(root.parent)
      try files.replace(root, with: [], mode: 0o644)
      let blocked = await message { try await publish(["a": "one"], destination(server, root)) }
      #expect(blocked.contains("www"), "\(blocked)")
    }
  }

  @Test(.enabled(if: SmallDisk.canMount, "needs to mount")) func aFullDiskIsSaidAndHealed() async throws {
    try await SSHServer.with { server in
      let small = try SmallDisk(bench.directory / "disk", megabytes: 8)
      defer { withExtendedLifetime(small) {} }
      let disk = small.place
      let root = disk / "www"
      try await publish(["a": "one"], destination(server, root))
      let big = try shipment("b", Array(repeating: 1, count: 9 << 20))
      do {
        try await destination(server, root).upload(big) { _ in }
        Issue.record("it fits")
      } catch let failure as Failure {
        #expect(failure.message.contains("no space is left"), "\(failure)")
      }
      // As if it had become full meanwhile.
      try files.replace(disk / "ballast", with: Array(repeating: 1, count: 6 << 20), mode: 0o644)
      let last = try shipment("c", (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      do {
        try await destination(server, root).upload(last) { _ in }
        Issue.record("it fits")
      } catch let failure as Failure {
        #expect(failure.message.contains("no space is left"), "\(failure)")
      }
      #expect(shown(root) == expected(["a": "one"]))
      try files.remove(disk / "ballast")
      try await publish(["a": "two"], destination(server, root))
      #expect(shown(root) == expected(["a": "two"]))
    }
  }

  /// Broken off anywhere: a reader finds the old files or the new ones, and the next run brings the new ones.
  @Test func whatIsBrokenOffShowsTheOldOrTheNew() async throws {
    var random = SeededGenerator(seed: Soak.start)
    try await SSHServer.with { server in
      let root = bench.directory / "www"
      var old = ["a": "one", "b": "two"]
      try await publish(old, destination(server, root))
      var longest = Duration.milliseconds(1500)
      for round in 0..<(3 * Soak.factor) {
        let new = ["a": "a\(round)", "b": "b\(round)", "c": "c\(round)"]
        let start = ContinuousClock.now
        let run = Task { try await publish(new, destination(server, root)) }
        try await Task.sleep(for: longest * Double.random(in: 0...1, using: &random))
        run.cancel()
        if (try? await run.value) != nil { longest = min(longest, ContinuousClock.now - start) }
        let shown = shown(root)
        #expect(shown == expected(old) || shown == expected(new), "round \(round) of seed \(Soak.start)")
        try await publish(new, destination(server, root))
        #expect(self.shown(root) == expected(new), "round \(round) of seed \(Soak.start)")
        old = new
      }
    }
  }
}
