import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SIFFormat

struct SIFWriterTests {
  /// Whatever the pieces and whatever is written over: what is read is what was given.
  @Test func whatIsWrittenIsReadAgain() throws {
    for seed in Soak.seeds(60) {
      var random = SeededGenerator(seed: seed)
      let (objects, partition) = WrittenBytes.random(&random)
      let disk = InMemoryFileSystem()
      let writer = try SIFWriter(to: disk.root / "a.sif", objects: objects, architecture: .arm64, files: disk)
      #expect(writer.partitionOffset % 4096 == 0)
      try Self.write(partition, to: writer, &random)
      let written = try writer.finish()
      let bytes = try #require(disk.bytes("a.sif"))
      #expect(written == WrittenSIF(digest: .sha256(bytes), size: bytes.count), "seed \(seed)")
      #expect(try WrittenBytes.of(objects, partition: partition, architecture: .arm64) == bytes, "seed \(seed)")
      let image = try SIFImage(bytes: bytes)
      #expect(image.objects.dropLast().map { Array(bytes[$0.range]) } == objects.map(\.bytes))
      #expect(image.objects.dropLast().map(\.text) == objects.map(\.name))
      #expect(image.objects.dropLast().map(\.type) == objects.map(\.type))
      let last = try #require(image.primaryPartition)
      #expect(last.offset == writer.partitionOffset && Array(bytes[last.range]) == partition)
      #expect(last.partition?.architecture == .arm64 && image.header.architecture == .arm64)
      let file = MemoryFile(bytes, path: "a.sif")
      let wrong = try SIFVerification(image, in: file).faults.filter {
        !$0.message.contains("squashfs") && !$0.message.contains("JSON")
      }
      #expect(wrong.isEmpty, "seed \(seed): \(wrong)")
    }
  }

  /// In pieces, the first bytes wrong at first.
  private static func write(_ bytes: [UInt8], to writer: SIFWriter, _ random: inout SeededGenerator) throws {
    let headSize = Int.random(in: 0...min(bytes.count, SIFWriter.headSize), using: &random)
    var rest = (random.bytes(headSize) + bytes.dropFirst(headSize))[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(Int.random(in: 1...9000, using: &random)))
      try piece.withUnsafeBytes { try writer.write($0) }
      rest = rest.dropFirst(piece.count)
    }
    let cut = Int.random(in: 0...headSize, using: &random)
    writer.overwrite(Array(bytes[cut..<headSize]), at: cut)
    writer.overwrite(Array(bytes[..<cut]), at: 0)
  }

  /// Other programs' files of the same kind have these bytes: a change of the format must be meant.
  @Test func theBytesAreThoseOfTheFormat() throws {
    let bytes = try WrittenBytes.of()
    #expect(bytes.prefix(32).elementsEqual("#!/usr/bin/env run-singularity\n\0".utf8))
    #expect(bytes[32..<48].elementsEqual("SIF_MAGIC\0".utf8 + [48, 49, 0, 48, 50, 0]))
    #expect(bytes[48..<64].allSatisfy { $0 == 0 })
    let noTime = withUnsafeBytes(of: Int64(-62_135_596_800).littleEndian) { Array($0) }
    #expect(Array(bytes[64..<72]) == noTime && Array(bytes[72..<80]) == noTime)
    let numbers = stride(from: 80, to: 128, by: 8).map { place in
      bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    #expect(numbers == [44, 48, 4096, 28_080, 32_176, 605])
    #expect(bytes.count == 32_781)
    #expect(bytes[4096..<4113].elementsEqual([1, 0x40, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0xF0, 0, 0, 0, 0]))
    #expect(
      Digest.sha256(bytes).hex == "d14255bd54f6cab27aca7b137df01a75a5f023005d197fb0bf389403627f1bae",
      "a change of these bytes makes every SIF another: count the writer's version up")
  }

  @Test func nothingIsThereUntilTheEndAndTheFileIsExecutable() throws {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    let path = directory / "a.sif"
    do {
      let writer = try SIFWriter(to: path, objects: WrittenBytes.objects, architecture: .amd64, files: files)
      try [1, 2, 3].withUnsafeBytes { try writer.write($0) }
      #expect(try files.statusIfPresent(of: path) == nil)
    }
    #expect(try files.entries(of: directory.path).isEmpty)
    let writer = try SIFWriter(to: path, objects: WrittenBytes.objects, architecture: .amd64, files: files)
    #expect(throws: Failure.self) { try writer.finish() }
    try [UInt8](repeating: 7, count: 100_000).withUnsafeBytes { try writer.write($0) }
    let written = try writer.finish()
    #expect(try files.digest(of: path) == written.digest)
    #expect(try files.status(of: path, followingLinks: false).mode == 0o755)
    #expect(try files.entries(of: directory.path).count == 1)
    #expect(throws: FileSystemError.self) {
      try SIFWriter(to: directory / "no/b.sif", objects: [], architecture: .amd64, files: files)
    }
  }

  @Test func anotherFilesPartitionIsTakenOverByteForByte() throws {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    for (seed, size) in [1, 4095, 4096, 4097, 3_000_000].enumerated() {
      var random = SeededGenerator(seed: seed)
      let partition = random.bytes(size)
      let old = directory / "old.sif"
      let writer = try SIFWriter(to: old, objects: WrittenBytes.objects, architecture: .amd64, files: files)
      try partition.withUnsafeBytes { try writer.write($0) }
      let written = try writer.finish()
      let objects = [SIFObject(.definition, random.bytes(5000))]
      let source = try files.openAnywhere(old)
      let taking = try SIFWriter(to: directory / "new.sif", objects: objects, architecture: .amd64, files: files)
      try taking.takePartition(of: source, digest: written.digest)
      let new = try taking.finish()
      #expect(try files.digest(of: directory / "new.sif") == new.digest)
      #expect(new.digest == .sha256(try WrittenBytes.of(objects, partition: partition)), "\(size) bytes")
      let other = try SIFWriter(to: directory / "x.sif", objects: objects, architecture: .amd64, files: files)
      #expect(throws: Failure.self) { try other.takePartition(of: source, digest: .sha256("else")) }
      let foreign = try SIFWriter(to: directory / "x.sif", objects: objects, architecture: .arm64, files: files)
      #expect(throws: Failure.self) { try foreign.takePartition(of: source, digest: written.digest) }
    }
    #expect(try files.entries(of: directory.path).map(\.name.description).sorted() == ["new.sif", "old.sif"])
  }

  /// Whatever fails wherever: the name shows the old file or the whole new one.
  @Test(arguments: [FaultyFileSystem.Fault.noSpace, .inputOutput, .unreadable, .readOnly, .kill])
  func aFaultLeavesTheOldFileOrTheNew(fault: FaultyFileSystem.Fault) throws {
    let new = try WrittenBytes.of(partition: [UInt8](repeating: 5, count: 9000))
    for place in 0..<40 {
      let disk = InMemoryFileSystem()
      disk.write("a.sif", "old")
      let faulty = FaultyFileSystem(disk)
      faulty.arm(fault, at: place)
      let result = Result {
        let writer = try SIFWriter(
          to: disk.root / "a.sif", objects: WrittenBytes.objects, architecture: .amd64, files: faulty)
        for _ in 0..<3 { try [UInt8](repeating: 5, count: 3000).withUnsafeBytes { try writer.write($0) } }
        _ = try writer.finish()
      }
      let isStruck = faulty.struck != nil
      let bytes = disk.bytes("a.sif")
      #expect(bytes == Array("old".utf8) || bytes == new, "at \(place)")
      if case .success = result { #expect(bytes == new && !isStruck) } else { #expect(isStruck) }
      if fault != .kill { #expect(try disk.entries(of: disk.root).count == 1, "at \(place)") }
      if !isStruck { return }
    }
    Issue.record("the writer never ends")
  }

  @Test func bytesWithoutTheDigestThatTheyShouldHaveAreSeen() throws {
    struct Other: Error {}
    for (before, count) in [(0, 100), (0, 9000), (100, 9000), (5000, 1), (9000, 9000)] {
      for isRight in [true, false] {
        let disk = InMemoryFileSystem()
        let writer = try SIFWriter(to: disk.root / "a.sif", objects: [], architecture: .amd64, files: disk)
        try [UInt8](repeating: 5, count: before).withUnsafeBytes { try writer.write($0) }
        let bytes = [UInt8](repeating: 6, count: count)
        let result = Result {
          try bytes.withUnsafeBytes {
            try writer.write($0, digest: .sha256(isRight ? bytes : [7]), otherwise: Other())
          }
          _ = try writer.finish()
        }
        if isRight { try result.get() } else { #expect(throws: Other.self) { try result.get() } }
        #expect((disk.bytes("a.sif") != nil) == isRight, "\(count) behind \(before)")
      }
    }
  }

  @Test func whatTheDiskChangesIsSeenBeforeTheFileHasItsName() throws {
    let disk = InMemoryFileSystem()
    let writer = try SIFWriter(to: disk.root / "a.sif", objects: [], architecture: .amd64, files: disk)
    try [UInt8](repeating: 5, count: 9000).withUnsafeBytes { try writer.write($0) }
    disk.injectFailures { operation, path in
      if operation == .read { try? disk.append([0], to: path) }
      return nil
    }
    #expect(throws: Failure.self) { try writer.finish() }
    #expect(disk.bytes("a.sif") == nil)
  }
}
