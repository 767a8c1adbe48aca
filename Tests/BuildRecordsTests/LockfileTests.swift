import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

struct LockfileTests {
  private static let path: FilePath = "/repository/coppice.lock"

  private static func read(_ text: String) throws -> (Lockfile, [Diagnostic]) {
    try LockfileReader.read(text, file: path)
  }

  /// Records of `words`, one content per seed.
  private static func lockfile(_ words: [String], seed: Int = 1) -> Lockfile {
    var lockfile = Lockfile()
    for (index, word) in words.enumerated() {
      var random = SeededGenerator(seed: seed * 100 + index)
      lockfile.records[TreeText.id(word)] = RandomRecords.record(&random)
    }
    return lockfile
  }

  @Test func whatABaseSaysOfBuildsStandsWithItsPin() throws {
    var lockfile = Lockfile()
    let digest = Digest.sha256("x")
    lockfile.pins[.init(reference: "node:1", platform: Platform(os: "linux", architecture: "amd64"))] = PinnedBase(
      digest: digest, onBuild: ["COPY . /src"], environment: ["WHERE": "src", "NONE": nil, "TEXT": "null"])
    let text = LockfileWriter.text(lockfile)
    let lines = text.split(separator: "\n").map { String($0) }
    #expect(
      lines.dropFirst(4).dropLast(2) == [
        "    linux/amd64: \(digest)", "    onbuild:", "      linux/amd64: [\"COPY . /src\"]", "    env:",
        "      linux/amd64: {\"NONE\":null,\"TEXT\":\"null\",\"WHERE\":\"src\"}",
      ])
  }

  @Test func theFileLooksLikeThis() throws {
    var lockfile = Lockfile()
    let digest = Digest.sha256("x")
    lockfile.pins[
      .init(reference: "docker.io/library/ubuntu:24.04", platform: Platform(os: "linux", architecture: "amd64"))] =
      PinnedBase(digest: digest, isLocal: true)
    lockfile.records[TreeText.id("a")] = BuildRecord(
      fingerprint: Fingerprint(digest), groups: [.context: digest], bases: ["docker.io/library/ubuntu:24.04": digest],
      upstreams: [TreeText.id("b"): digest], output: ArtifactOutput(digest: digest, content: digest, size: 12),
      generation: 3, refreshed: 1_700_000_000)
    let expected = """
      # What every artifact was made of and what came out. Written by coppice; commit it, do not edit it.
      coppice-lock: 1
      bases:
        docker.io/library/ubuntu:24.04:
          linux/amd64: \(digest) local
          check: f0261a8c6e9c9cb8

      artifacts:
        docker/a:1:
          fingerprint: \(digest)
          context: \(digest)
          bases:
            docker.io/library/ubuntu:24.04: \(digest)
          upstreams:
            docker/b:1: \(digest)
          output: \(digest)
          content: \(digest)
          size: 12
          generation: 3
          refreshed: 1700000000
          check: b30e96618c17f805


      """
    #expect(LockfileWriter.text(lockfile) == expected)
  }

  @Test func whatIsWrittenIsReadBackAndWrittenAsTheSameBytes() throws {
    for seed in 0..<250 {
      var random = SeededGenerator(seed: seed)
      let lockfile = RandomRecords.lockfile(&random)
      let text = LockfileWriter.text(lockfile)
      let (again, faults) = try Self.read(text)
      #expect(faults.isEmpty, "seed \(seed) \(faults.map(\.message))")
      #expect(again == lockfile, "seed \(seed)")
      #expect(LockfileWriter.text(again) == text, "seed \(seed)")
    }
  }

  @Test func aRecordOfInputsIsReadBackAsItWas() throws {
    let inputs = StepInputs([
      StepInput(.recipe, "kind", "docker 1"), StepInput(.base, "u:1", "\(Digest.sha256("u"))"),
      StepInput(.base, "v:1", "unpinned"), StepInput(.upstream, "docker/b:1", "\(Digest.sha256("b"))"),
      StepInput(.upstream, "docker/c:1", "not built"),
    ])
    var lockfile = Lockfile()
    lockfile.records[TreeText.id("a")] = BuildRecord(
      inputs, output: ArtifactOutput(digest: .sha256("o")), generation: 0, refreshed: nil)
    #expect(try Self.read(LockfileWriter.text(lockfile)).0 == lockfile)
    #expect(lockfile.records[TreeText.id("a")]?.bases == ["u:1": .sha256("u")])
  }

  @Test func aDamagedBlockCostsOneRecordAndIsToldWithItsLine() throws {
    for seed in 0..<250 {
      var random = SeededGenerator(seed: seed)
      let lockfile = RandomRecords.lockfile(&random)
      var lines = LockfileWriter.text(lockfile).split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      let inside = lines.indices.filter { lines[$0].hasPrefix("    ") }
      guard let place = inside.randomElement(using: &random) else { continue }
      let header = try #require(lines[..<place].lastIndex { $0.hasPrefix("  ") && !$0.hasPrefix("   ") })
      switch Int.random(in: 0..<3, using: &random) {
      case 0: lines.remove(at: place)
      case 1: lines.insert("    size: 1", at: place)
      default:
        let damaged = lines[place].replacing(/[0-9a-f](?=[^0-9a-f]*$)/) { $0.output == "0" ? "1" : "0" }
        if damaged == lines[place] { continue }
        lines[place] = damaged
      }
      let (again, faults) = try Self.read(lines.joined(separator: "\n"))
      let lost = lockfile.records.keys.filter { again.records[$0] == nil }
      let lostPins = Set(lockfile.pins.keys.filter { again.pins[$0] == nil }.map(\.reference))
      #expect(lost.count + lostPins.count == 1, "seed \(seed)")
      #expect(faults.map { $0.location?.line } == [header + 1], "seed \(seed)")
      #expect(again.records.allSatisfy { lockfile.records[$0.key] == $0.value }, "seed \(seed)")
      #expect(again.pins.allSatisfy { lockfile.pins[$0.key] == $0.value }, "seed \(seed)")
    }
  }

  @Test func noTextCrashesTheReaderAndNothingIsReadThatWasNotWritten() throws {
    for seed in 0..<250 {
      var random = SeededGenerator(seed: seed)
      let lockfile = RandomRecords.lockfile(&random)
      var bytes = Array(LockfileWriter.text(lockfile).utf8)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 40))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
        }
      }
      guard let (again, _) = try? Self.read(String(decoding: bytes, as: UTF8.self)) else { continue }
      #expect(again.records.allSatisfy { lockfile.records[$0.key] == $0.value }, "seed \(seed)")
    }
  }

  @Test func damageOfABlockNeverCostsAnother() throws {
    let lockfile = Self.lockfile(["a", "b", "c"])
    let bytes = Array(LockfileWriter.text(lockfile).utf8)
    let text = String(decoding: bytes, as: UTF8.self)
    let start = text.utf8.distance(from: text.startIndex, to: try #require(text.range(of: "  docker/b:1:")).lowerBound)
    let end = text.utf8.distance(from: text.startIndex, to: try #require(text.range(of: "  docker/c:1:")).lowerBound)
    for place in start..<end - 1 {
      for byte in "\n #x:<=\"".utf8 where byte != bytes[place] {
        var damaged = bytes
        damaged[place] = byte
        let (again, _) = try Self.read(String(decoding: damaged, as: UTF8.self))
        for word in ["a", "c"] {
          let id = TreeText.id(word)
          #expect(again.records[id] == lockfile.records[id], "byte \(place - start) of b as \(byte) costs \(word)")
        }
      }
    }
  }

  @Test func twoBlocksOfOneNameAreBothDistrusted() throws {
    let text = LockfileWriter.text(Self.lockfile(["a", "b"]))
    let block =
      try #require(text.range(of: "  docker/a:1:\n"))
      .lowerBound..<(try #require(text.range(of: "  docker/b:1:\n"))).lowerBound
    for count in 1...2 {
      let doubled = text + String(repeating: String(text[block]), count: count)
      let (lockfile, faults) = try Self.read(doubled)
      #expect(Set(lockfile.records.keys) == [TreeText.id("b")])
      #expect(faults.count == count)
    }
  }

  @Test func aFileOfALaterVersionIsRefused() throws {
    let text = LockfileWriter.text(Self.lockfile(["a"])).replacing("coppice-lock: 1", with: "coppice-lock: 2")
    let failure = try #require(throws: Failure.self) { try Self.read(text) }
    #expect(failure.location?.line == 2)
    #expect(failure.help != nil)
  }

  /// What was cut off is no later version.
  @Test func aFileWithoutItsVersionIsDamaged() throws {
    let text = LockfileWriter.text(Self.lockfile(["a"]))
    let cut = try #require(text.range(of: "coppice-lock:"))
    let (lockfile, faults) = try Self.read(String(text[..<cut.upperBound]))
    #expect(lockfile == Lockfile())
    #expect(faults.map(\.location?.line) == [2])
  }

  @Test func aFileWithLineEndsOfAnotherSystemIsTheSameFile() throws {
    let lockfile = Self.lockfile(["a", "b"])
    let text = LockfileWriter.text(lockfile).replacing("\n", with: "\r\n")
    let (again, faults) = try Self.read(text)
    #expect(again == lockfile)
    #expect(faults.isEmpty)
    #expect(throws: Failure.self) { try Self.read(text.replacing("coppice-lock: 1", with: "coppice-lock: 9")) }
  }

  @Test func anEmptyFileIsAnEmptyLockfile() throws {
    let (lockfile, faults) = try Self.read("")
    #expect(lockfile == Lockfile())
    #expect(faults.isEmpty)
  }

  // MARK: merge conflicts

  /// Ours and theirs as git writes a conflict of both over the lines that differ.
  private static func conflict(_ ours: String, _ theirs: String, _ range: (Substring) -> Bool) -> String {
    let (left, right) = (ours.split(separator: "\n"), theirs.split(separator: "\n"))
    var text: [Substring] = []
    var place = 0
    while place < left.count {
      var end = place
      while end < left.count, left[end] != right[end], range(left[end]) { end += 1 }
      if end > place {
        text += ["<<<<<<< HEAD"] + left[place..<end] + ["======="] + right[place..<end] + [">>>>>>> other"]
        place = end
      } else {
        text.append(left[place])
        place += 1
      }
    }
    return text.joined(separator: "\n") + "\n"
  }

  @Test func aConflictCostsItsArtifactAndNoOther() throws {
    let words = ["a", "b", "c"]
    var ours = Self.lockfile(words)
    var theirs = ours
    ours.records[TreeText.id("b")]?.output.size = 1
    theirs.records[TreeText.id("b")]?.output.size = 2
    let text = Self.conflict(LockfileWriter.text(ours), LockfileWriter.text(theirs)) { _ in true }
    #expect(text.contains("<<<<<<<"))
    let (lockfile, faults) = try Self.read(text)
    #expect(Set(lockfile.records.keys) == [TreeText.id("a"), TreeText.id("c")])
    #expect(!faults.isEmpty)
    #expect(
      faults.first?.location?.line == (text.split(separator: "\n").firstIndex { $0.hasPrefix("<<<<<<<") } ?? 0) + 1)
  }

  @Test func whatIsWholeOnOneSideOfAConflictIsKept() throws {
    // Both branches added an artifact between a and z; a third one stands damaged on their side.
    let common = LockfileWriter.text(Self.lockfile(["a", "z"]))
    let place = try #require(common.range(of: "  docker/z:1:\n")).lowerBound
    func block(_ word: String, damaged: Bool = false) throws -> String {
      let text = LockfileWriter.text(Self.lockfile([word]))
      let block = String(text[try #require(text.range(of: "  docker/")).lowerBound...])
      return damaged ? block.replacing("    output: ", with: "    content: ") : block
    }
    let text =
      common[..<place] + "<<<<<<< HEAD\n" + (try block("m")) + (try block("o")) + "=======\n" + (try block("n"))
      + (try block("o", damaged: true)) + (try block("p", damaged: true)) + ">>>>>>> other\n" + common[place...]
    let (lockfile, faults) = try Self.read(String(text))
    #expect(Set(lockfile.records.keys) == Set(["a", "m", "n", "o", "z"].map(TreeText.id)))
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.hasPrefix("<<<") } ?? 0
    #expect(faults.first?.location?.line == line + 1)
    #expect(faults.map(\.message).filter { $0.contains("docker/p:1") }.count == 1)
    #expect(faults.count == 2, "\(faults.map(\.message))")
  }

  @Test func pinsOfOneBaseForDifferentPlatformsContradictOnlyWhereTheyDiffer() throws {
    func text(_ pins: [String: String]) -> String {
      var lockfile = Lockfile()
      for (architecture, word) in pins {
        let platform = Platform(os: "linux", architecture: architecture)
        lockfile.pins[.init(reference: "u:1", platform: platform)] = PinnedBase(digest: .sha256(word))
      }
      return LockfileWriter.text(lockfile)
    }
    let (amd, arm) = (text(["amd64": "a"]), text(["amd64": "a", "arm64": "b"]))
    #expect(try Self.read("<<<<<<< a\n\(amd)=======\n\(arm)>>>>>>> b\n").0 == Self.read(arm).0)
    let (lockfile, faults) = try Self.read("<<<<<<< a\n\(text(["amd64": "c"]))=======\n\(arm)>>>>>>> b\n")
    #expect(lockfile == Lockfile())
    #expect(faults.map { $0.location?.line } == [1])
  }

  /// Whatever git makes of two random branches: nothing false is read, what both say is kept, and what only one says too.
  @Test(.enabled(if: hasGit), arguments: ["--diff3", "--zdiff3", "--union", "-q"])
  func whateverGitMakesOfTwoBranchesNothingFalseIsRead(style: String) async throws {
    let directory = try TemporaryDirectory()
    for seed in Soak.seeds(4) {
      var random = SeededGenerator(seed: seed)
      let start = RandomRecords.lockfile(&random)
      var sides = [start, start]
      for index in sides.indices {
        for id in RandomRecords.ids.compactMap({ ArtifactID($0) }) where random.once(in: 4) {
          sides[index].records[id] = random.once(in: 3) ? nil : RandomRecords.record(&random)
        }
      }
      for (name, lockfile) in [("base", start), ("ours", sides[0]), ("theirs", sides[1])] {
        try directory.write(FilePath(name), LockfileWriter.text(lockfile))
      }
      let result = try await PosixProcessRunner().capture(
        ProcessCommand(
          ["git", "merge-file", "-p", style, "ours", "base", "theirs"], environment: Self.variables(directory.path),
          directory: directory.path))
      let merged = String(decoding: result.output, as: UTF8.self)
      let (lockfile, _) = try Self.read(merged)
      let (ours, theirs) = (sides[0].records, sides[1].records)
      for id in RandomRecords.ids.compactMap({ ArtifactID($0) }) {
        let read = lockfile.records[id]
        #expect(read == nil || read == ours[id] || read == theirs[id], "seed \(seed) \(id)")
        if ours[id] == theirs[id], style != "--union" { #expect(read == ours[id], "seed \(seed) \(id)") }
        if ours[id] == nil, start.records[id] == nil, style != "--union" {
          #expect(read == theirs[id], "seed \(seed) \(id)")
        }
      }
    }
  }

  // MARK: git

  private static func variables(_ home: FilePath) -> [String: String] {
    ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home.description, "GIT_CONFIG_NOSYSTEM": "1"]
  }

  private static func git(_ arguments: String..., in directory: FilePath) async throws -> HostSystem.ExitStatus {
    try await PosixProcessRunner().run(
      ProcessCommand(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"] + arguments,
        environment: variables(directory), directory: directory))
  }

  static let hasGit = ["/usr/bin/git", "/bin/git", "/usr/local/bin/git"].contains {
    (try? PosixFileSystem().status(of: FilePath($0), followingLinks: true)) != nil
  }

  /// What two branches do to neighbours in a lockfile of a, b, c, d and e.
  enum Branches: CaseIterable {
    case rebuildApart, rebuildNeighbours, addAndRebuildBefore, addAndRebuildAfter, removeAndRebuildBefore
    case removeAndRebuildAfter, bothAddAtOnePlace, bothRebuildOne

    /// Ours and theirs: an artifact, and whether it goes.
    var changes: [(word: String, isRemoved: Bool)] {
      switch self {
      case .rebuildApart: [("b", false), ("d", false)]
      case .rebuildNeighbours: [("b", false), ("c", false)]
      case .addAndRebuildBefore: [("bb", false), ("b", false)]
      case .addAndRebuildAfter: [("bb", false), ("c", false)]
      case .removeAndRebuildBefore: [("c", true), ("b", false)]
      case .removeAndRebuildAfter: [("b", true), ("c", false)]
      case .bothAddAtOnePlace: [("bb", false), ("bc", false)]
      case .bothRebuildOne: [("b", false), ("b", false)]
      }
    }

    /// Whether git leaves markers.
    var isConflict: Bool { self == .bothAddAtOnePlace || self == .bothRebuildOne }
  }

  @Test(.enabled(if: hasGit), arguments: Branches.allCases, [false, true])
  func gitMergesWhatTwoBranchesBuilt(branches: Branches, isUnion: Bool) async throws {
    let directory = try TemporaryDirectory()
    func commit(_ lockfile: Lockfile, _ message: String) async throws {
      try directory.write("coppice.lock", LockfileWriter.text(lockfile))
      _ = try await Self.git("add", "-A", in: directory.path)
      #expect(try await Self.git("commit", "-qm", message, in: directory.path).isSuccess)
    }
    let start = Self.lockfile(["a", "b", "c", "d", "e"])
    #expect(try await Self.git("init", "-q", "-b", "main", in: directory.path).isSuccess)
    if isUnion { try directory.write(".gitattributes", "coppice.lock merge=union\n") }
    try await commit(start, "start")
    var random = SeededGenerator(seed: 99)
    var (sides, both) = ([start, start], start)
    for (index, change) in branches.changes.enumerated() {
      let record = change.isRemoved ? nil : RandomRecords.record(&random)
      sides[index].records[TreeText.id(change.word)] = record
      both.records[TreeText.id(change.word)] = record
    }
    // True conflicts count as never built.
    if branches == .bothRebuildOne { both.records[TreeText.id("b")] = nil }
    _ = try await Self.git("checkout", "-qb", "other", in: directory.path)
    try await commit(sides[1], "theirs")
    _ = try await Self.git("checkout", "-q", "main", in: directory.path)
    try await commit(sides[0], "ours")
    let merged = try await Self.git("merge", "-q", "--no-edit", "other", in: directory.path)
    #expect(merged.isSuccess == (isUnion || !branches.isConflict))
    let (lockfile, faults) = try Self.read(try directory.text("coppice.lock"))
    #expect(lockfile == both)
    #expect(faults.isEmpty != (branches == .bothRebuildOne || branches.isConflict && !isUnion))
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
