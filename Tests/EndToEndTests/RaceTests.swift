import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// Somebody else writes while coppice is at work: an editor, or another coppice.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct RaceTests {
  private static let tools: FilePath = "share/docker/tools/1"

  private func tree() async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("base")
    try tree.write(Self.tools / "file.txt", "one\n")
    try tree.write(Self.tools / "dir/first", "first\n")
    try tree.defineTools("COPY file.txt /file.txt\nCOPY dir /dir\nRUN sleep 1")
    return tree
  }

  enum Change: CaseIterable {
    case edited, editedAndPutBack, fileAdded, fileRemoved, modeChanged, replacedByALink
  }

  @Test(arguments: Change.allCases)
  func aContextThatChangesWhileTheEngineRunsIsNotRecorded(change: Change) async throws {
    let tree = try await tree()
    let lockfile = try tree.lockfile()
    let file = tree.directory / Self.tools / "file.txt"
    let build = try await tree.start("build", "tools", "--progress", "json")
    try await build.waitForStart(of: "docker/tools:1")
    var changed: FilePath = "file.txt"
    var (text, second): (String, String?) = ("one\n", nil)
    switch change {
    case .edited:
      text = "two\n"
      try tree.write(Self.tools / "file.txt", text)
    case .editedAndPutBack:
      let before = try Laboratory.files.status(of: file, followingLinks: false)
      for words in ["two\n", text] { try tree.write(Self.tools / "file.txt", words) }
      try Laboratory.files.setModified(before.modified, of: file)
    case .fileAdded:
      (changed, second) = ("dir/second", "second\n")
      try tree.write(Self.tools / "dir/second", "second\n")
    case .fileRemoved:
      (changed, second) = ("dir/first", nil)
      try Laboratory.files.remove(tree.directory / Self.tools / "dir/first")
    case .modeChanged: try Laboratory.files.setMode(0o755, of: file)
    case .replacedByALink:
      text = "else\n"
      try tree.write(Self.tools / "other.txt", text)
      try Laboratory.files.remove(file)
      try Laboratory.files.createLink(file, to: "other.txt")
    }
    let run = try await build.end()
    #expect(run.exitCode == 1, "\(run.all)")
    #expect(run.errorOutput.contains("changed while building: "), "\(run.all)")
    #expect(run.errorOutput.contains(changed.description), "\(run.all)")
    #expect(run.errorOutput.contains("run again when nothing writes there"), "\(run.all)")
    #expect(try run.events.last?["event"]?.string == "done")
    #expect(try tree.lockfile() == lockfile)
    #expect(try await tree.states()["docker/tools:1"] == "stale")
    try await tree.expectNamesAreTrue(of: ["docker/base:1", "docker/tools:1"])

    #expect(try await tree.build("tools") == ["docker/tools:1 built"])
    #expect(try await tree.file("file.txt", inImage: "tools:1") == text)
    #expect(try await tree.file("dir/second", inImage: "tools:1") == second)
    #expect(try await tree.file("dir/first", inImage: "tools:1") == (change == .fileRemoved ? nil : "first\n"))
    #expect(try await tree.coppice("verify").exitCode == 0)
  }

  @Test func aFileThatNoInstructionReachesMayChangeAtAnyTime() async throws {
    let tree = try await tree()
    let build = try await tree.start("build", "tools", "--progress", "json")
    try await build.waitForStart(of: "docker/tools:1")
    try tree.write(Self.tools / "notes.txt", "new\n")
    let run = try await build.end()
    #expect(run.exitCode == 0, "\(run.all)")
    #expect(try await tree.build("tools") == [])
  }

  /// Edits that leave size and time of modification as they were.
  enum Stealth: CaseIterable { case inPlace, replacedByRename, swapped, withATimeToCome }

  @Test(arguments: Stealth.allCases) func anEditRightAfterHashingIsSeen(stealth: Stealth) async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try tree.defineTools("COPY file.txt /file.txt")
    let files = Laboratory.files
    let (file, other) = (tree.directory / Self.tools / "file.txt", tree.directory / "other.txt")
    // As after the clock was set back.
    let time = stealth == .withATimeToCome ? 4_000_000_000_000_000_000 : nil
    for round in 0..<(Laboratory.isSoak ? 100 : 10) {
      let (first, second) = ("\(1000 + 2 * round)", "\(1001 + 2 * round)")
      try tree.write(Self.tools / "file.txt", first)
      let modified = try time ?? files.status(of: file, followingLinks: false).modified
      try tree.write("other.txt", second)
      for path in [file, other] { try files.setModified(modified, of: path) }
      // The file is hashed now, within a tick of the clock of when it was written.
      #expect(try await tree.coppice("build", "tools", "--touch").exitCode == 0)
      #expect(try await tree.coppice("status", "--exit-code", "tools").exitCode == 0)
      switch stealth {
      case .inPlace, .withATimeToCome:
        let descriptor = open(file.description, O_WRONLY)
        #expect(write(descriptor, second, 4) == 4)
        close(descriptor)
        try files.setModified(modified, of: file)
      case .replacedByRename: try files.rename(other, to: file)
      case .swapped:
        try files.rename(file, to: tree.directory / "third.txt")
        try files.rename(other, to: file)
        try files.rename(tree.directory / "third.txt", to: other)
      }
      #expect(try files.status(of: file, followingLinks: false).modified == modified)
      #expect(try await tree.coppice("status", "--exit-code", "tools").exitCode == 3, "\(stealth), round \(round)")
    }
  }

  @Test func aTreeThatNeverStandsStillIsNoReasonToCrash() async throws {
    let tree = try await tree()
    let directory = tree.directory / Self.tools / "dir"
    try tree.defineTools("COPY file.txt /file.txt\nCOPY dir /dir")
    let writer = Task.detached {
      var random = SeededGenerator(seed: 5)
      let files = Laboratory.files
      while !Task.isCancelled {
        let place = directory / FilePath("d\(random.next() % 4)")
        switch random.next() % 7 {
        case 0: try? files.removeTree(place)
        case 1: try? files.remove(place / "f")
        case 2: try? files.createLink(place / "l", to: "f")
        case 3: try? files.createLink(place, to: "d0")
        case 4: try? files.replace(place, with: [1], mode: 0o644)
        default:
          try? files.createDirectory(place)
          try? files.replace(place / "f", with: random.bytes(Int(random.next() % 100_000)), mode: 0o644)
        }
      }
    }
    for command in [["status"], ["explain", "tools"], ["build", "tools"]] {
      for _ in 0..<(Laboratory.isSoak ? 100 : 10) {
        let run = try await tree.coppice(command)
        #expect([0, 1].contains(run.exitCode), "\(run.all)")
        if run.exitCode == 1 {
          #expect(run.errorOutput.contains("changed while"), "\(run.all)")
          #expect(run.errorOutput.contains("run again when nothing writes there"), "\(run.all)")
        }
      }
    }
    writer.cancel()
    await writer.value
    try Laboratory.files.removeTree(directory)
    try tree.write(Self.tools / "dir/first", "first\n")
    try await tree.build("all")
    try await tree.expectEverythingIsWell()
  }

  @Test func aSecondCoppiceWaitsForTheFirstAndSaysSo() async throws {
    let tree = try await tree()
    let first = try await tree.start("build", "tools", "--progress", "json")
    try await first.waitForStart(of: "docker/tools:1")
    let holder = "(process \(first.processID))"

    let refused = try await tree.coppice("build", "tools", "--no-wait")
    #expect(refused.exitCode == 1, "\(refused.all)")
    #expect(refused.errorOutput.contains("another coppice is at work in \(tree.directory.path) \(holder)"))
    #expect(refused.errorOutput.contains("help: wait until it ends"), "\(refused.all)")

    let second = try await tree.start("build", "all", "--progress", "json")
    try await waitUntil("the second says what it waits for") { second.errorOutput.contains("waiting for it to end") }
    #expect(second.errorOutput.contains(holder))
    // Who only asks need not wait.
    #expect(try await tree.states()["docker/tools:1"] == "stale")
    for command in [["list"], ["explain", "tools:1"], ["graph"], ["history"], ["log", "base:1"]] {
      let run = try await tree.coppice(command)
      #expect(run.exitCode == 0, "\(command): \(run.all)")
    }
    #expect(try !first.events.contains { $0["event"]?.string == "done" }, "the questions were asked while it ran")
    #expect(try await first.end().exitCode == 0)
    let ended = try await second.end()
    #expect(ended.exitCode == 0, "\(ended.all)")
    // It looks at what is true when its turn comes.
    #expect(try second.finished.sorted() == ["docker/python:1 built", "docker/science:1 built"])
    try await tree.expectEverythingIsWell()
  }

  @Test func whoWaitsCanBeInterrupted() async throws {
    let tree = try await tree()
    let first = try await tree.start("build", "tools", "--progress", "json")
    try await first.waitForStart(of: "docker/tools:1")
    let second = try await tree.start("build", "all")
    try await waitUntil("the second says what it waits for") { second.errorOutput.contains("waiting for it to end") }
    second.sendToGroup(SIGINT)
    #expect(try await second.end().exitCode == 130)
    #expect(try await first.end().exitCode == 0)
  }
}
