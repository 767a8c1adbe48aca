import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Somebody edits a file at every single instant of a build, and takes care that as few stamps as possible tell.
struct RaceTests {
  /// What happens to `base/1/file`; size and time of modification stay.
  enum Deed: CaseIterable {
    case writtenInPlace, replacedByRename, swappedWithItsLike, writtenAndPutBack, writtenWithATimeToCome
  }

  private static let (file, like): (FilePath, FilePath) = ("base/1/file", "base/1/like")

  private static func modified(_ files: InMemoryFileSystem) -> Int {
    (try? files.status(of: files.root / file, followingLinks: false))?.modified ?? 0
  }

  private static func perform(_ deed: Deed, _ text: String, _ files: InMemoryFileSystem) {
    let time = deed == .writtenWithATimeToCome ? 4_000_000_000_000_000_000 : modified(files)
    switch deed {
    case .writtenInPlace, .writtenAndPutBack, .writtenWithATimeToCome: files.write(file, text)
    case .replacedByRename: files.swapIn(file, text)
    case .swappedWithItsLike:
      files.move(file, to: "base/1/third")
      files.move(like, to: file)
      files.move("base/1/third", to: like)
    }
    for path in [file, like] { files.setModified(time, of: path) }
  }

  /// A tree whose builder stages what it is given, as the real one does, and makes of it what stands in the file then.
  private static func world() -> World {
    let world = World("base <- python")
    world.files.write(like, "like")
    world.files.write(file, "file")
    let files = world.files
    world.runner.behave(TreeText.id("base")) { job in
      for staged in job.files {
        guard case .regular(let digest) = staged.kind, let source = staged.source else { continue }
        guard try files.digest(of: source) == digest else { throw StepFailure("changed while building") }
      }
      _ = try files.entries(of: files.root / "base/1")
      return ArtifactOutput(digest: Self.output(job), size: 1)
    }
    return world
  }

  private static func output(_ job: StepJob) -> Digest {
    .sha256("\(job.files.filter { $0.source != nil }.map { "\($0.path) \($0.kind)" })")
  }

  /// What the image is to be made of.
  private static func truth(_ files: InMemoryFileSystem) throws -> [String] {
    try ["file", "like"].map { name in
      let text = try #require(files.text("base/1" / FilePath(name)))
      return "\(Array(name.utf8)) \(StagedFile.Kind.regular(.sha256(text)))"
    }
  }

  @Test(arguments: Deed.allCases, [Duration.zero, .nanoseconds(1), .seconds(3)])
  func anEditAtAnyInstantOfABuildIsSeen(deed: Deed, pause: Duration) async throws {
    let step = Soak.factor > 1 ? 1 : 3
    for before in [Duration.zero, .seconds(10)] {
      var place = Int.random(in: 0..<step)
      while true {
        let world = Self.world()
        world.files.tick(before)
        let (count, files, at) = (Locked(0), world.files, place)
        files.injectFailures { _, _ in
          let now = count.withLock { count in
            count += 1
            return count
          }
          if now == at + 1 {
            files.tick(pause)
            Self.perform(deed, "FILE", files)
            files.tick(pause)
          }
          if now == at + 6, deed == .writtenAndPutBack { Self.perform(deed, "file", files) }
          return nil
        }
        do {
          try await world.build()
        } catch let failure as Failure {
          // Between the moves of a swap a file is not there: a build that sees so says so, and records nothing.
          #expect("\(failure)".contains("changed while it was read"), "\(deed) at \(place): \(failure)")
        }
        let isOver = count.withLock { $0 } <= place
        files.repair()
        if count.withLock({ $0 }) < place + 6, deed == .writtenAndPutBack { Self.perform(deed, "file", files) }
        let what = "\(deed) at \(place), \(pause), \(before)"
        // Whatever is called current is made of what stands there.
        func expectTruth() throws {
          let truth = try Self.truth(files)
          let made = Digest.sha256("\(truth)")
          if try world.status("base").isEmpty { #expect(world.record("base")?.output.digest == made, "\(what)") }
        }
        try expectTruth()
        files.tick(.seconds(10))
        try expectTruth()
        try await world.build()
        #expect(try world.status("base") == "", "\(what)")
        try expectTruth()
        #expect(try world.status("python") == "", "\(what)")
        if isOver { break }
        place += step
      }
    }
  }

  @Test(arguments: Deed.allCases, [Duration.zero, .nanoseconds(1), .milliseconds(4), .seconds(1), .seconds(2)])
  func anEditRightAfterABuildIsSeen(deed: Deed, pause: Duration) async throws {
    if deed == .writtenAndPutBack { return }
    for before in [Duration.zero, .nanoseconds(1), .seconds(1), .seconds(2), .seconds(3), .seconds(60)] {
      let world = Self.world()
      world.files.tick(before)
      try await world.build()
      // What only asks keeps hashes, too.
      #expect(try world.status("base") == "")
      world.files.tick(pause)
      Self.perform(deed, "FILE", world.files)
      #expect(try world.status("base") != "", "\(deed), \(pause) after, \(before) before")
    }
  }
}
