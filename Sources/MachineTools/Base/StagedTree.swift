internal import ContentStore
internal import HostSystem
internal import ImageModel

/// The files of a system on their way from an archive into a file system that no mount and no root is needed for.
///
/// They lie in a directory as files of whoever runs this, readable by nobody else; what they are to the system is said to
/// debugfs when `mke2fs -d` has taken them up.
struct StagedTree {
  private let directory: FilePath
  private let files: any FileSystem
  private(set) var commands: [String] = []
  /// Times of directories, which later files would move.
  private var times: [(FilePath, Int)] = []
  /// Bytes of all files.
  private(set) var size = 0

  private static let longest = 2 << 30
  /// Where values of attributes lie, which debugfs reads from files.
  private var values: FilePath { directory.parent / "values" }

  init(_ directory: FilePath, files: any FileSystem) { (self.directory, self.files) = (directory, files) }

  /// Reads a tar archive to its end.
  mutating func add(_ archive: any ByteReader, name: String) throws {
    let reader = TarReader(archive, name: name)
    try files.createDirectory(directory)
    while let entry = try reader.next() { try add(entry, reader) }
    for (path, seconds) in times.reversed() { try files.setModified(seconds * 1_000_000_000, of: path) }
  }

  private mutating func add(_ entry: TarEntry, _ reader: TarReader) throws {
    let path = try Self.relative(FilePath(bytes: entry.path))
    let place = directory / path
    // The kernel makes what is in there.
    if let first = path.components.first, ["dev", "proc", "sys"].contains(where: { Array($0.utf8) == first }),
      path.components.count > 1
    {
      return
    }
    switch entry.kind {
    case .directory:
      try files.createDirectory(place)
      try files.setMode(0o700, of: place)
      times.append((place, entry.modified))
    case .file:
      guard entry.size <= Self.longest else { throw Failure("\(path) of the system is too large") }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(entry.size)
      try reader.forEachPiece { bytes.append(contentsOf: $0) }
      try files.replaceUnsynced(place, with: bytes, mode: 0o600)
      try files.setModified(entry.modified * 1_000_000_000, of: place)
      size += bytes.count
    case .symbolicLink:
      try files.createLink(place, to: FilePath(bytes: entry.link))
      try files.setModified(entry.modified * 1_000_000_000, of: place)
    case .hardLink:
      try files.hardLink(place, to: directory / Self.relative(FilePath(bytes: entry.link)))
      return
    case .characterDevice, .blockDevice, .fifo, .other: return
    }
    try describe(entry, path)
  }

  private static func relative(_ path: FilePath) throws -> FilePath {
    let path = FilePath(bytes: path.components.joined(separator: [UInt8(ascii: "/")])).normalized
    // An archive comes from outside, though from a program of ours.
    guard path.components.first != Array("..".utf8) else { throw Failure("\(path) of the system leads out of it") }
    return path
  }

  private mutating func describe(_ entry: TarEntry, _ path: FilePath) throws {
    let type =
      switch entry.kind {
      case .directory: 0o040000
      case .symbolicLink: 0o120000
      default: 0o100000
      }
    guard let text = path.text, !text.contains(where: { $0.isNewline || $0 == "\"" }) else {
      throw Failure("`\(path)` of the system has a name that is not supported")
    }
    let name = text == "." ? "\"/\"" : "\"/\(text)\""
    // Links keep what every link has.
    if type != 0o120000 { commands.append("sif \(name) mode 0\(String(type | entry.mode, radix: 8))") }
    commands.append("sif \(name) uid \(entry.uid)")
    commands.append("sif \(name) gid \(entry.gid)")
    for (attribute, value) in entry.attributes.sorted(by: { $0.key.precedes($1.key) }) {
      let file = values / FilePath(String(commands.count))
      try files.createDirectory(values)
      try files.replaceUnsynced(file, with: value, mode: 0o600)
      commands.append("ea_set -f \"\(file)\" \(name) \(String(decoding: attribute, as: UTF8.self))")
    }
  }
}

extension TarReader {
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
