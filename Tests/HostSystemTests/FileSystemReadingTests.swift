import HostSystem
import ImageModel
import TestSupport
import Testing

/// Every test runs over the real file system and over its stand-in.
struct FileSystemReadingTests {
  @Test(arguments: DiskKind.allCases)
  func statusTellsKindModeAndSizeOfTheLinkOrOfItsTarget(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "hello", mode: 0o750)
    try disk.fileSystem.createLink(disk.path("link"), to: "file")
    let file = try disk.status("file")
    #expect((file.kind, file.mode, file.size) == (.regular, 0o750, 5))
    let link = try disk.status("link")
    #expect((link.kind, link.size) == (.symbolicLink, 4))
    #expect(try disk.fileSystem.status(of: disk.path("link"), followingLinks: true) == file)
    #expect(try disk.status(".").kind == .directory)
  }

  @Test(arguments: DiskKind.allCases)
  func whatIsMissingIsNotFound(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "")
    try disk.fileSystem.createLink(disk.path("dangling"), to: "nowhere")
    #expect(disk.reason { _ = try disk.status("missing") } == .notFound)
    #expect(disk.reason { _ = try disk.status("missing/below") } == .notFound)
    #expect(disk.reason { _ = try disk.status("file/below") } == .notADirectory)
    #expect(disk.reason { _ = try disk.text("dangling") } == .notFound)
    #expect(try disk.status("dangling").kind == .symbolicLink)
    #expect(try disk.fileSystem.statusIfPresent(of: disk.path("file/below")) == nil)
    #expect(try disk.fileSystem.contentsIfPresent(of: disk.path("missing"), limit: 1) == nil)
    #expect(
      disk.reason { _ = try disk.fileSystem.status(of: "", followingLinks: true) } == .notFound
        || kind == .memory)
  }

  @Test(arguments: DiskKind.allCases)
  func entriesComeInTheOrderOfTheirBytesWithTheirOwnStatus(kind: DiskKind) throws {
    let disk = try kind.make()
    let odd = FilePath(bytes: [0xff, 0xfe])
    for name in ["b", "a", "B", "é", "a.b", "a-b", ".hidden", odd] as [FilePath] { try disk.write(name, "\(name)") }
    try disk.fileSystem.createDirectory(disk.path("a/../dir/sub").normalized)
    try disk.fileSystem.createLink(disk.path("link"), to: "dir")
    let entries = try disk.fileSystem.entries(of: disk.root)
    #expect(entries.map(\.name) == entries.map(\.name).sorted())
    #expect(entries.count == 10)
    #expect(entries.contains { $0.name == odd })
    for entry in entries { #expect(try disk.status(entry.name) == entry.status) }
    #expect(entries.first { $0.name == "link" }?.status.kind == .symbolicLink)
    #expect(try disk.fileSystem.entries(of: disk.path("link")).map(\.name) == ["sub"])
    #expect(disk.reason { _ = try disk.names("a") } == .notADirectory)
    #expect(disk.reason { _ = try disk.names("missing") } == .notFound)
    #expect(try disk.names("dir/sub").isEmpty)
  }

  @Test(arguments: DiskKind.allCases)
  func aDirectoryWithThousandsOfNamesIsListedWhole(kind: DiskKind) throws {
    let disk = try kind.make()
    let names = (0..<3000).map { FilePath("a-rather-long-name-\($0)") }
    for name in names { try disk.fileSystem.createLink(disk.path(name), to: "x") }
    #expect(try disk.names() == names.sorted())
  }

  @Test(arguments: DiskKind.allCases)
  func contentsStopAtTheLimit(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "12345")
    #expect(try disk.fileSystem.contents(of: disk.path("file"), limit: 5) == Array("12345".utf8))
    #expect(disk.reason { _ = try disk.fileSystem.contents(of: disk.path("file"), limit: 4) } == .tooLarge)
    try disk.write("empty", "")
    #expect(try disk.fileSystem.contents(of: disk.path("empty"), limit: 0) == [])
    #expect(disk.reason { _ = try disk.text(".") } == .isADirectory)
  }

  @Test(arguments: DiskKind.allCases)
  func readingAndHashingSeeTheSameBytes(kind: DiskKind) throws {
    let disk = try kind.make()
    for size in [0, 1, 131_071, 131_072, 131_073, 400_000] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
      try disk.fileSystem.replace(disk.path("file"), with: bytes, mode: 0o600)
      #expect(try disk.fileSystem.digest(of: disk.path("file")) == .sha256(bytes))
      let reader = try disk.fileSystem.open(disk.path("file"))
      var read: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 70_000)
      while true {
        let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        if count == 0 { break }
        read += buffer[..<count]
      }
      #expect(read == bytes)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func hashingRefusesLinksAndDirectories(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "x")
    try disk.fileSystem.createLink(disk.path("link"), to: "file")
    #expect(disk.reason { _ = try disk.fileSystem.digest(of: disk.path("link")) } == .tooManyLinks)
    #expect(disk.reason { _ = try disk.fileSystem.digest(of: disk.root) } == .isADirectory)
    #expect(disk.reason { _ = try disk.fileSystem.digest(of: disk.path("missing")) } == .notFound)
    #expect(try disk.text("link") == "x")
  }

  @Test(arguments: DiskKind.allCases)
  func linksAreReadAndResolved(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("a/b/file", "x")
    try disk.fileSystem.createLink(disk.path("a/up"), to: "../c")
    try disk.fileSystem.createLink(disk.path("c"), to: disk.path("a/b"))
    let long = FilePath(String(repeating: "d/", count: 400))
    try disk.fileSystem.createLink(disk.path("long"), to: long)
    try disk.fileSystem.createLink(disk.path("loop"), to: "loop")
    #expect(try disk.fileSystem.target(ofLink: disk.path("a/up")) == "../c")
    #expect(try disk.fileSystem.target(ofLink: disk.path("long")) == long)
    #expect(try disk.fileSystem.resolved(disk.path("a/./up/../b//file")) == disk.path("a/b/file"))
    #expect(try disk.fileSystem.resolved("/") == "/")
    #expect(disk.reason { _ = try disk.fileSystem.resolved(disk.path("missing")) } == .notFound)
    #expect(disk.reason { _ = try disk.text("loop") } == .tooManyLinks)
    #expect(disk.reason { _ = try disk.fileSystem.target(ofLink: disk.path("a")) } != nil)
  }

  @Test(arguments: DiskKind.allCases)
  func aPathWithAZeroByteIsRefusedRatherThanCut(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "x")
    let path = FilePath(bytes: disk.path("file").bytes + [0] + Array("more".utf8))
    #expect(disk.reason { _ = try disk.fileSystem.contents(of: path, limit: 10) } == .other(22))
    #expect(disk.reason { try disk.fileSystem.remove(path) } == .other(22))
    #expect(try disk.text("file") == "x")
  }
}
