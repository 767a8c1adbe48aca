import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import MachineTools

/// File systems that mke2fs makes of a real tree, read by our reader.
struct ExtFileSystemTests {
  private static func image(
    _ directory: TemporaryDirectory, _ tree: FilePath, _ type: String, _ options: [String] = [], size: String = "16M"
  ) async throws -> FilePath {
    let path = directory / "\(type).raw"
    let program = HostProgram(
      name: "mke2fs", package: "e2fsprogs", environment: ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"],
      processes: PosixProcessRunner())
    try await program.run(
      ["-q", "-F", "-t", type] + options + ["-d", tree.description, path.description, size])
    return path
  }

  @Test(arguments: [
    ("ext2", ["-b", "1024"]), ("ext2", ["-b", "4096"]), ("ext3", []), ("ext4", []),
    ("ext4", ["-O", "^64bit,^metadata_csum"]),
    ("ext4", ["-b", "1024", "-I", "128"]),
  ])
  func everyFileIsReadAsItWasWritten(_ type: String, _ options: [String]) async throws {
    let directory = try TemporaryDirectory()
    let files = directory.fileSystem
    var random = SeededGenerator(seed: 7)
    var contents: [FilePath: [UInt8]] = [:]
    // Sizes at which files get another tree of blocks, with blocks of 1 KiB.
    for (index, size) in [0, 1, 1023, 12 << 10, 13 << 10, 300_000, 700_001].enumerated() {
      let path = FilePath("a/b\(index)/file \(size)")
      let piece = (0..<997).map { _ in UInt8.random(in: 0...255, using: &random) }
      contents[path] = Array([[UInt8]](repeating: piece, count: size / 997 + 1).joined().prefix(size))
    }
    for index in 0..<400 { contents["many/a-rather-long-name-of-a-file-\(index)"] = Array("\(index)".utf8) }
    for (path, bytes) in contents {
      try files.createDirectory(directory / "tree" / path.parent)
      try files.replaceUnsynced(directory / "tree" / path, with: bytes, mode: 0o640)
    }
    let long = FilePath(String(repeating: "x/", count: 60) + "y")
    try files.createLink(directory / "tree/long", to: long)
    try files.createLink(directory / "tree/short", to: "a/../many")
    try files.hardLink(directory / "tree/same", to: directory / "tree/a/b0/file 0")
    let path = try await Self.image(directory, directory / "tree", type, options)
    let system = try ExtFileSystem(try files.openAnywhere(path), at: 0)
    for (path, bytes) in contents { #expect(try system.contents(of: "/" / path, limit: .max) == bytes, "\(path)") }
    #expect(try system.target(ofLink: FilePath("/long")) == long.bytes)
    #expect(try system.contents(of: "/short/a-rather-long-name-of-a-file-7", limit: 10) == Array("7".utf8))
    #expect(try system.inode(at: "/nothing") == nil && system.inode(at: "/many/none/x") == nil)
    #expect(try system.inode(at: "/a/b1/file 1")?.mode == 0o640)
  }

  @Test func theContentOfADiskIsThatOfItsFilesAndNotOfTheirTimes() async throws {
    func digest(_ change: (TemporaryDirectory) throws -> Void) async throws -> Digest {
      let directory = try TemporaryDirectory()
      try directory.write("tree/etc/shadow", "root:x:19000:0\n")
      try directory.write("tree/var/log/syslog", "yesterday")
      try directory.write("tree/bin/sh", "#!", mode: 0o755)
      try change(directory)
      let path = try await Self.image(directory, directory / "tree", "ext4")
      return try DiskContent.digest(of: try ExtFileSystem(try directory.fileSystem.openAnywhere(path), at: 0))
    }
    let first = try await digest { _ in }
    #expect(
      try await digest { directory in
        try directory.write("tree/var/log/syslog", "today")
        try directory.write("tree/etc/shadow", "root:x:20000:0\n")
        try directory.fileSystem.setModified(5_000_000_000, of: directory / "tree/bin/sh")
      } == first)
    #expect(try await digest { try $0.write("tree/bin/sh", "#?", mode: 0o755) } != first)
    #expect(try await digest { try $0.fileSystem.setMode(0o700, of: $0 / "tree/bin/sh") } != first)
    #expect(try await digest { try $0.write("tree/etc/shadow", "root:y:19000:0\n") } != first)
    #expect(try await digest { try $0.fileSystem.createLink($0 / "tree/x", to: "y") } != first)
  }

  @Test(arguments: ["ext2", "ext4"]) func damageNeverCrashesTheReader(_ type: String) async throws {
    let directory = try TemporaryDirectory()
    try directory.write("tree/a/b", String(repeating: "x", count: 20_000))
    try directory.fileSystem.createLink(directory / "tree/a/c", to: "b")
    let path = try await Self.image(
      directory, directory / "tree", type, ["-O", "^has_journal", "-N", "32"], size: "512K")
    let whole = try directory.fileSystem.contents(of: path, limit: 1 << 20)
    // Most of it is empty: what is hit lies where structures are.
    let used = whole.indices.filter { whole[$0] != 0 && whole[$0] != UInt8(ascii: "x") }
    for seed in Soak.seeds(300) {
      var (random, bytes) = (SeededGenerator(seed: UInt64(seed)), whole)
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        if let place = used.randomElement(using: &random) { bytes[place] = .random(in: 0...255, using: &random) }
      }
      do {
        _ = try DiskContent.digest(of: try ExtFileSystem(MemoryFile(bytes, path: path), at: 0))
      } catch is Failure {
      } catch is FileSystemError {}
    }
  }
}

struct PartitionTableTests {
  @Test func ourOwnTableIsRead() throws {
    let table = try PartitionTable(PartitionTable.sector(of: 4 << 30, identity: 7), diskSize: 4 << 30)
    #expect(table.partitions == [Partition(number: 1, offset: 1 << 20, size: 4 << 30 - 1 << 20)])
  }

  @Test func partitionsBeyondTheDiskAreNone() throws {
    let table = try PartitionTable(PartitionTable.sector(of: 4 << 30, identity: 7), diskSize: 1 << 30)
    #expect(table.partitions.isEmpty)
  }

  @Test func anyBytesAreATableOrAFault() {
    for seed in Soak.seeds(500) { readAnything(seed) }
  }

  private func readAnything(_ seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var bytes = (0..<Int.random(in: 0...5000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    if bytes.count >= 1024 {
      (bytes[510], bytes[511]) = (0x55, 0xAA)
      if seed.isMultiple(of: 2) {
        bytes[450] = 0xEE
        bytes.replaceSubrange(512..<520, with: "EFI PART".utf8)
        bytes.replaceSubrange(584..<592, with: [2, 0, 0, 0, 0, 0, 0, 0])
        bytes.replaceSubrange(592..<600, with: [128, 0, 0, 0, 128, 0, 0, 0])
      }
    }
    guard let table = try? PartitionTable(bytes, diskSize: 1 << 40) else { return }
    for partition in table.partitions {
      #expect(partition.offset > 0 && partition.size > 0 && partition.offset + partition.size <= 1 << 40)
    }
  }
}
