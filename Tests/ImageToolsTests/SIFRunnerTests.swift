import BuildEngine
import BuildRecords
import ContentStore
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import ImageTools

/// Conversions of images in a store, on a disk in memory.
struct SIFRunnerTests {
  private let disk = InMemoryFileSystem()

  private func bench(_ store: FilePath = "/store") -> SIFBench { SIFBench(disk, store: store) }

  @Test func aConversionLooksAtAsManyFilesAmongManySIFsAsAmongFew() async throws {
    let bench = bench()
    var counts: [Int] = []
    for round in 0..<2 {
      // All but a few in the second round, and each of an image that has the base in common with all others.
      for number in round * 3..<(round == 0 ? 3 : 100) {
        try await bench.convert("other\(number)", bench.image(["base", "other \(number)"]))
      }
      let image = try bench.image(["base", "mine \(round)"])
      disk.clearJournal()
      try await bench.convert("mine\(round)", image)
      counts.append(disk.journal.count { !$0.operation.isWrite })
      // Nothing but its own sidecar is looked for among the others.
      #expect(Set(disk.journal(.read, .list).filter { $0.parent == "/images" }) == ["/images/mine\(round)-1.sif.json"])
    }
    #expect(counts[0] == counts[1])
  }

  @Test func blocksOfTheLayersBelowAreTakenWhicheverImageHasThem() async throws {
    let bench = bench()
    let parent = try bench.image(["base", "middle"])
    let (base, middle) = (parent.layers[0].blob, parent.layers[1].blob)
    // Of these two, no SIF of their parent was made.
    try await bench.convert("one", bench.image(["base", "middle", "one"]))
    let two = try bench.image(["base", "middle", "two"])
    disk.clearJournal()
    try await bench.convert("two", two)
    #expect(!bench.read(base) && !bench.read(middle) && bench.read(two.layers[2].blob))
    // The parent's own takes the place of its child's, which may go.
    try await bench.convert("parent", parent)
    for name in ["one", "two"] { try disk.remove("/images/\(name)-1.sif.json" as FilePath) }
    try await bench.collect(keeping: ["parent"])
    let three = try bench.image(["base", "middle", "three"])
    disk.clearJournal()
    try await bench.convert("three", three)
    #expect(!bench.read(base) && !bench.read(middle))
    // In another form, and when all SIFs are gone, everything is read, and all is well.
    let four = try bench.image(["base", "four"])
    disk.clearJournal()
    try await bench.convert("four", four, Singularity(compression: .zstd))
    #expect(bench.read(base))
    try await bench.collect(keeping: [])
    #expect(disk.files(below: "/store/coppice/chains").isEmpty)
    disk.clearJournal()
    try await bench.convert("two", two)
    #expect(bench.read(base))
  }

  @Test func whateverIsTakenOverTheBytesAreTheSame() async throws {
    for seed in Soak.seeds(6) {
      var random = SeededGenerator(seed: seed)
      let bench = bench("/store\(seed)")
      for step in 0..<5 {
        let layers = (0..<Int.random(in: 1...4, using: &random)).map {
          "layer \(Int.random(in: 0..<3 + $0, using: &random))"
        }
        let name = "app\(Int.random(in: 0..<3, using: &random))"
        let made = try await bench.convert(name, bench.image(layers))
        let alone = self.bench("/alone\(seed)-\(step)")
        let expected = try await alone.convert(name, alone.image(layers))
        #expect(made == expected, "seed \(seed), step \(step)")
        if random.once(in: 3) { try await bench.collect(keeping: random.once(in: 2) ? [name] : []) }
      }
    }
  }

  @Test func withoutRoomNothingIsBegun() async throws {
    let bench = bench()
    let image = try bench.image(["app"])
    disk.limitSpace(to: 10_000)
    disk.clearJournal()
    await #expect {
      try await bench.convert("app", image)
    } throws: {
      ($0 as? Failure)?.message.hasPrefix("/store has 10 kB left, and the SIF file takes about ") == true
    }
    #expect(disk.isUntouched)
  }

  // MARK: clones

  @Test func whatAnotherImageOfTheSameContentGaveStandsForTheRecordedFile() async throws {
    let (origin, clone) = (bench("/origin"), bench("/clone"))
    let recorded = try await origin.convert("app", origin.image(["base", "app"]))
    let made = try await clone.convert("app", clone.image(["base", "app"], created: "2025-01-01T00:00:00Z"))
    #expect(made.digest != recorded.digest && made.content == recorded.content)
    let id = try clone.recipe("app").id
    #expect(clone.runner.isStored(recorded, of: id))
    #expect(clone.runner.condition(of: id, recorded) == .intact)
    // Neither by another content nor at another level.
    let other = try await origin.convert("app", origin.image(["base", "other"]))
    let level = try await origin.convert("app", origin.image(["base", "app"]), Singularity(level: 1))
    for output in [other, level] { #expect(!clone.runner.isStored(output, of: id)) }
    // It stays as long as the recorded one is named, and is nothing without its bytes.
    disk.tick()
    _ = try clone.store.collectGarbage(
      roots: [recorded.digest, try #require(recorded.content)], keepingSince: disk.now, dryRun: false)
    #expect(clone.runner.isStored(recorded, of: id))
    disk.delete(clone.store.path(ofBlob: made.digest))
    #expect(!clone.runner.isStored(recorded, of: id))
  }

  // MARK: what is no longer made

  @Test func onlyWhatCoppiceWroteIsRetired() async throws {
    let bench = bench()
    for name in ["kept", "gone", "edited", "lost", "linked"] { try await bench.convert(name, bench.image([name])) }
    let sidecar = try #require(disk.text("/images/gone-1.sif.json"))
    // Somebody's, in all kinds of ways.
    disk.write("/images/notes.txt", "mine")
    disk.write("/images/plain-1.sif", "mine")
    disk.write("/images/copy-1.sif", bytes: try #require(disk.bytes("/images/gone-1.sif")))
    disk.write("/images/copy-1.sif.json", sidecar)
    disk.write("/images/old-1.sif", "mine")
    disk.write("/images/old-1.sif.json", #"{"name":"old","md5":"0"}"#)
    disk.write("/images/torn-1.sif.json", String(sidecar.dropLast(20)))
    let size = try #require(disk.bytes("/images/edited-1.sif")).count
    disk.delete("/images/edited-1.sif")
    disk.write("/images/edited-1.sif", bytes: [UInt8](repeating: 7, count: size))
    disk.delete("/images/lost-1.sif")
    disk.delete("/images/linked-1.sif")
    disk.link("/images/linked-1.sif", to: "/images/kept-1.sif")
    let before = Set(disk.files(below: "/images"))
    let retired = try RetiredImages(in: "/images", except: [bench.recipe("kept").fileName], files: disk)
    #expect(Set(disk.files(below: "/images")) == before)
    #expect(retired.retired.map(\.file) == ["/images/gone-1.sif", "/images/lost-1.sif"])
    #expect(retired.foreign == ["/images/edited-1.sif", "/images/linked-1.sif"])
    try retired.remove()
    #expect(
      before.subtracting(disk.files(below: "/images")) == ["gone-1.sif", "gone-1.sif.json", "lost-1.sif.json"])
    #expect(try RetiredImages(in: "/nowhere", except: [], files: disk).retired == [])
  }

  // MARK: Apptainer

  /// An Apptainer that writes `sif`, if the archive is there.
  private func played(_ sif: [UInt8]) -> ScriptedProcessRunner {
    ScriptedProcessRunner { [disk] call in
      guard call.arguments.dropFirst().first == "build" else { return .prints("apptainer version 1.4.5") }
      let source = call.arguments.last ?? ""
      guard source.hasPrefix("docker-archive:"), disk.exists(FilePath(source.dropFirst("docker-archive:".count))) else {
        return .fails(255, "FATAL: no archive")
      }
      disk.write(FilePath(call.arguments[call.arguments.count - 2]), bytes: sif)
      return .prints("INFO: Build complete")
    }
  }

  @Test func apptainerMakesTheFileWhereItIsToldTo() async throws {
    try disk.createDirectory("/big")
    let own = bench("/own")
    let sif = try await own.convert("app", own.image(["app"]))
    let bytes = try #require(disk.bytes(own.store.path(ofBlob: sif.digest)))
    let processes = played(bytes)
    let bench = SIFBench(
      disk, store: "/store", builder: .apptainer, processes: processes,
      environment: ["APPTAINER_TMPDIR": "/big", "TMPDIR": "/nowhere", "SINGULARITY_CACHEDIR": "/cache"])
    let zstd = Singularity(compression: .zstd, level: 5)
    let output = try await bench.convert("app", bench.image(["app"]), zstd)
    #expect(output.digest == sif.digest && output.content != sif.content)
    let sidecar = try JSONValue(parsing: try #require(disk.bytes("/images/app-1.sif.json")))
    #expect(sidecar["writer"]?.string == "apptainer" && sidecar["md5"] != nil)
    #expect(disk.files(below: "/big").isEmpty && disk.files(below: "/store/coppice/temporary").isEmpty)
    let build = try #require(processes.calls.last)
    #expect(
      build.arguments.prefix(5)
        == ["apptainer", "build", "--force", "--mksquashfs-args", "-comp zstd -Xcompression-level 5"])
    #expect(build.environment?["APPTAINER_TMPDIR"] == "/big" && build.environment?["SINGULARITY_CACHEDIR"] == "/cache")
    // What it makes another time is another file of the same content.
    let again = SIFBench(
      disk, store: "/again", builder: .apptainer, processes: played(bytes), environment: ["TMPDIR": "/big"])
    let later = try again.image(["app"], created: "2025-01-01T00:00:00Z")
    #expect(try await again.convert("app", later, zstd).content == output.content)
  }

  @Test func withoutApptainerItIsSaidBeforeAnythingIsBuilt() async throws {
    let missing = ScriptedProcessRunner { call in throw ProcessError.notFound(call.arguments[0]) }
    let bench = SIFBench(disk, store: "/store", builder: .apptainer, processes: missing)
    let refusal = await bench.runner.refusal(of: .conversion(try bench.recipe("app")))
    #expect(refusal?.message == "Apptainer is to make SIF files, and cannot be run: apptainer: no such program")
    #expect(refusal?.help?.contains("sif_builder") == true)
    #expect(missing.commandLines == [["apptainer", "--version"], ["singularity", "--version"]])
    let high = await bench.runner.refusal(of: .conversion(try bench.recipe("app", Singularity(level: 12))))
    #expect(high?.message.contains("no level 12") == true)
    let none = await self.bench().runner.refusal(of: .conversion(try bench.recipe("app")))
    #expect(none == nil)
  }

  @Test func withoutRoomApptainerIsNotStarted() async throws {
    try disk.createDirectory("/tmp")
    let processes = played([])
    let bench = SIFBench(disk, store: "/store", builder: .apptainer, processes: processes)
    let image = try bench.image(["app"])
    disk.limitSpace(to: 100_000)
    await #expect {
      try await bench.convert("app", image)
    } throws: {
      ($0 as? Failure)?.message.contains("/tmp has 100 kB left, and what Apptainer unpacks of the image") == true
    }
    #expect(processes.commandLines == [["apptainer", "--version"]])
  }

  @Test func whatApptainerLeavesHalfWrittenIsNoFile() async throws {
    try disk.createDirectory("/tmp")
    let own = bench("/own")
    let sif = try await own.convert("app", own.image(["app"]))
    let bytes = try #require(disk.bytes(own.store.path(ofBlob: sif.digest)))
    for broken in [[], Array(bytes.dropLast(5000)), Array("no SIF".utf8)] {
      let bench = SIFBench(disk, store: "/store", builder: .apptainer, processes: played(broken))
      await #expect(throws: (any Error).self) { try await bench.convert("other", bench.image(["other"])) }
      #expect(!disk.exists("/images/other-1.sif") && disk.files(below: "/store/coppice/temporary").isEmpty)
      #expect(disk.files(below: "/tmp").isEmpty)
    }
  }
}

extension InMemoryFileSystem.Operation {
  fileprivate var isWrite: Bool {
    switch self {
    case .status, .list, .read, .hash, .readLink, .resolve: false
    default: true
    }
  }
}
