internal import HostSystem
internal import ImageModel

extension ExtFileSystem {
  struct Name: Sendable {
    var bytes: [UInt8]
    var inode: Int
  }

  /// All names of a directory but `.` and `..`, sorted by their bytes.
  func names(of directory: ExtInode) throws -> [Name] {
    guard directory.kind == .directory else { throw Self.fault("a directory is none") }
    let bytes = Bytes(try contents(of: directory, limit: 1 << 28))
    var (names, place): ([Name], Int) = ([], 0)
    while place < bytes.bytes.count {
      let (inode, length, count) = try (bytes.u32(place), bytes.u16(place + 4), bytes.u8(place + 6))
      guard length >= 8, length % 4 == 0, count + 8 <= length else { throw Self.fault("a directory is damaged") }
      let name = Array(try bytes.slice(place + 8, count))
      // Unused entries, checksums and the index of a large directory look like entries without an inode.
      if inode != 0, name != Array(".".utf8), name != Array("..".utf8) { names.append(Name(bytes: name, inode: inode)) }
      place += length
    }
    return names.sorted { $0.bytes.precedes($1.bytes) }
  }

  func target(ofLink inode: ExtInode) throws -> [UInt8] {
    if inode.size < 60, !inode.hasExtents { return Array(try inode.blocks.slice(0, inode.size)) }
    return try contents(of: inode, limit: 4096)
  }

  /// What a path leads to, links followed within the file system; nil where it leads nowhere.
  func inode(at path: FilePath, followingLast: Bool = true) throws -> ExtInode? {
    var (left, hops) = (path.components[...], 0)
    var way = [try inode(Self.root)]
    while let name = left.popFirst() {
      guard let here = way.last else { return nil }
      if name == Array(".".utf8) { continue }
      if name == Array("..".utf8) {
        if way.count > 1 { way.removeLast() }
        continue
      }
      guard here.kind == .directory, let found = try names(of: here).first(where: { $0.bytes == name }) else {
        return nil
      }
      let inode = try inode(found.inode)
      guard inode.kind == .symbolicLink, followingLast || !left.isEmpty else {
        way.append(inode)
        continue
      }
      hops += 1
      guard hops <= 40 else { return nil }
      let target = FilePath(bytes: try target(ofLink: inode))
      if target.isAbsolute { way = [way[0]] }
      left = (target.components + left)[...]
    }
    return way.last
  }

  /// A regular file's bytes; nil when there is none.
  func contents(of path: FilePath, limit: Int) throws -> [UInt8]? {
    guard let inode = try inode(at: path), inode.kind == .regular else { return nil }
    return try contents(of: inode, limit: limit)
  }

  /// The target of a symbolic link itself; nil when there is none.
  func target(ofLink path: FilePath) throws -> [UInt8]? {
    guard let inode = try inode(at: path, followingLast: false), inode.kind == .symbolicLink else { return nil }
    return try target(ofLink: inode)
  }
}
