import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SquashFS

struct LimitTests {
  @Test(arguments: [0, 1, 255, 256, 257, 511, 512, 513, 4000]) func directoriesOfEverySizeAreRead(count: Int) throws {
    var tree = ModelTree()
    for number in 0..<count { tree.add("\(number)".utf8, .fifo) }
    let sink = MemorySink()
    _ = try tree.write(to: sink, SquashfsWriter.Options())
    #expect(try sink.reader().lines() == tree.lines)
  }

  @Test(.enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "losetup"), "mounting needs root"))
  func theKernelFindsEveryNameOfALargeDirectory() async throws {
    var tree = SquashfsTree(root: .init(mode: 0o755))
    // Long names: the listing has many blocks, and an index. Two levels, so that the index lies within.
    let directory = try tree.add(.directory, .init(mode: 0o755), named: "directory".utf8)
    let names = (0..<20_000 * Soak.factor).map { "\(String(repeating: "n", count: $0 % 50))\($0)" }
    for name in names { try tree.add(.fifo, .init(mode: 0o600), named: name.utf8, in: directory) }
    let sink = MemorySink()
    let writer = try SquashfsWriter(to: sink, options: SquashfsWriter.Options())
    _ = try writer.finish(tree)
    let lines = try await Peers.lines(of: [sink.bytes], "mkdir $2; mount -t squashfs -o loop,ro $1 $2")
    #expect(lines.first?.count == names.count + 2)
    #expect(try sink.reader().verify().names == names.count + 2)
  }

  @Test func namesOfOneInodeMayLieFarApart() throws {
    var tree = SquashfsTree(root: .init(mode: 0o755))
    let near = try tree.add(.directory, .init(mode: 0o755), named: "a".utf8)
    let first = try tree.add(.fifo, .init(mode: 0o600), named: "first".utf8, in: near)
    // More inodes between than a difference of 16 bits spans.
    let far = try tree.add(.directory, .init(mode: 0o755), named: "b".utf8)
    for number in 0..<40_000 { try tree.add(.fifo, .init(mode: 0o600), named: "\(number)".utf8, in: far) }
    for (index, name) in ["0", "20000", "~"].enumerated() {
      try tree.link(first, named: "\(name)-\(index)".utf8, in: far)
    }
    let sink = MemorySink()
    let writer = try SquashfsWriter(to: sink, options: SquashfsWriter.Options())
    _ = try writer.finish(tree)
    var numbers: Set<UInt32> = []
    try sink.reader().forEachEntry { entry in
      let name = String(decoding: entry.path, as: UTF8.self)
      if name == "a/first" || name.contains("-") { numbers.insert(entry.inode.number) }
      if name == "a/first" { #expect(entry.inode.linkCount == 4) }
    }
    #expect(numbers.count == 1)
  }

  @Test func ownersAreAsManyAsTheFormatHolds() throws {
    func write(_ count: UInt32) throws -> SquashfsReader {
      var tree = SquashfsTree(root: .init(mode: 0o755))
      for id in 1..<count {
        try tree.add(.fifo, .init(mode: 0o600, uid: id &* 65_537, gid: 0), named: "\(id)".utf8)
      }
      let sink = MemorySink()
      _ = try SquashfsWriter(to: sink, options: SquashfsWriter.Options()).finish(tree)
      return try sink.reader()
    }
    let reader = try write(65_535)
    try reader.forEachEntry { entry in
      guard let id = UInt32(String(decoding: entry.path, as: UTF8.self)) else { return }
      if entry.inode.uid != id &* 65_537 { Issue.record("\(id) became \(entry.inode.uid)") }
    }
    #expect(throws: Failure.self) { _ = try write(65_536) }
  }

  @Test func whatCannotBeHeldIsToldOrRefused() throws {
    var tree = SquashfsTree(
      root: .init(
        mode: 0o755,
        extended: [ExtendedAttribute(name: Array("system.posix_acl_access".utf8), value: [1])]))
    for (index, time) in [-1, 0, Int(UInt32.max), Int(UInt32.max) + 1, .min, .max].enumerated() {
      try tree.add(.fifo, .init(mode: 0o600, modified: time), named: "\(index)".utf8)
    }
    for name in ["", ".", "..", "a/b", "a\u{0}", String(repeating: "n", count: 256)] {
      #expect(throws: Failure.self) { try tree.add(.fifo, .init(mode: 0o600), named: name.utf8) }
    }
    for kind in [
      SquashfsTree.Kind.symbolicLink([]), .symbolicLink([UInt8](repeating: 65, count: 65_536)),
      .blockDevice(major: 4096, minor: 0), .characterDevice(major: 0, minor: 1 << 20),
    ] {
      #expect(throws: Failure.self) { try tree.add(kind, .init(mode: 0o600), named: "x".utf8) }
    }
    try tree.add(
      .symbolicLink([UInt8](repeating: 65, count: 65_535)), .init(mode: 0o600),
      named: String(repeating: "n", count: 255).utf8)
    let sink = MemorySink()
    let report = try SquashfsWriter(to: sink, options: SquashfsWriter.Options()).finish(tree)
    #expect(report.clampedTimes == 4)
    #expect(report.droppedAttributes == [Array("system.posix_acl_access".utf8): 1])
    var times: [UInt32] = []
    try sink.reader().forEachEntry { if $0.path.count == 1 { times.append($0.inode.modified) } }
    #expect(times == [0, 0, .max, .max, 0, .max])

    var twice = SquashfsTree(root: .init(mode: 0o755))
    for _ in 0..<2 { try twice.add(.fifo, .init(mode: 0o600), named: "longer than eight".utf8) }
    #expect(throws: Failure.self) {
      _ = try SquashfsWriter(to: MemorySink(), options: SquashfsWriter.Options()).finish(twice)
    }
    for compression in [SquashfsCompression.gzip(level: 0), .gzip(level: 13), .zstd(level: 0), .zstd(level: 20)] {
      var options = SquashfsWriter.Options()
      options.compression = compression
      #expect(throws: Failure.self) { _ = try SquashfsWriter(to: MemorySink(), options: options) }
    }
  }

  @Test func everyLevelIsRead() throws {
    var random = SeededGenerator(seed: 1)
    let tree = random.tree(entries: 12)
    for compression in (1...12).map({ SquashfsCompression.gzip(level: $0) })
      + [1, 3, 9, 15, 19].map({ .zstd(level: $0) })
    {
      var options = SquashfsWriter.Options()
      options.compression = compression
      let sink = MemorySink()
      _ = try tree.write(to: sink, options)
      #expect(try sink.reader().lines() == tree.lines, "\(compression)")
    }
  }

  @Test func aFileMustHaveTheSizeThatWasAnnounced() throws {
    let writer = try SquashfsWriter(to: MemorySink(), options: SquashfsWriter.Options())
    writer.beginFile(size: 3)
    #expect(throws: Failure.self) { _ = try writer.endFile() }
    writer.beginFile(size: 3)
    #expect(throws: Failure.self) { try [1, 2, 3, 4].withUnsafeBytes { try writer.content($0) } }
  }

  @Test(.enabled(if: Soak.factor > 1, "writes 5 GB of zeros"))
  func filesMayBeLargerThanFourGigabytes() throws {
    let (sink, block) = (MemorySink(), [UInt8](repeating: 0, count: 1 << 20))
    let writer = try SquashfsWriter(to: sink, options: SquashfsWriter.Options())
    let size = 5 << 30 + 77
    writer.beginFile(size: size)
    for start in stride(from: 0, to: size, by: block.count) {
      try block.prefix(size - start).withUnsafeBytes { try writer.content($0) }
    }
    var tree = SquashfsTree(root: .init(mode: 0o755))
    try tree.add(.file(try writer.endFile()), .init(mode: 0o644), named: "large".utf8)
    _ = try writer.finish(tree)
    #expect(sink.bytes.count < 1 << 20)
    let reader = try sink.reader()
    #expect(try reader.verify().bytes == size)
    try reader.forEachEntry { entry in
      if case .file(let file) = entry.inode.kind { #expect(file.size == size) }
    }
  }
}
