internal import HostSystem
internal import ImageModel

/// The digest of what a disk holds for people: all names, owners, permissions and contents, without times, places and what a
/// system writes while it runs. Two builds of the same inputs have the same one, though no two disks are alike.
struct DiskContent {
  private static let version = "coppice disk content 1"

  /// Written by the system for itself, with times, random numbers or numbers of inodes in it.
  static let volatile: [FilePath] = [
    "/dev", "/etc/.pwd.lock", "/etc/group-", "/etc/gshadow-", "/etc/machine-id", "/etc/passwd-", "/etc/shadow-",
    "/etc/subgid-", "/etc/subuid-", "/lost+found", "/proc", "/run", "/sys", "/tmp", "/var/cache/apt",
    "/var/cache/debconf", "/var/cache/ldconfig", "/var/lib/apt/lists", "/var/lib/dbus/machine-id", "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/status-old", "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/statoverride-old", "/var/lib/dpkg/triggers/Lock", "/var/lib/systemd/catalog/database",
    "/var/lib/systemd/random-seed", "/var/log", "/var/tmp",
  ]

  private let system: ExtFileSystem
  private var hasher = SHA256Hasher()
  private var seen: [Int: Int] = [:]
  private var directories: Set<Int> = []
  /// Bytes that files may still have: no block belongs to two.
  private var left: Int

  /// - Parameter system: the one with the root.
  static func digest(of system: ExtFileSystem) throws -> Digest {
    var content = DiskContent(system: system)
    content.hasher.update(Array("\(version)\n".utf8))
    try content.add(try system.inode(ExtFileSystem.root), at: "/", depth: 0)
    return content.hasher.finish()
  }

  private init(system: ExtFileSystem) { (self.system, left) = (system, system.diskSize) }

  private mutating func add(_ inode: ExtInode, at path: FilePath, depth: Int) throws {
    try describe(inode, path)
    guard inode.kind == .directory else { return }
    guard depth < 256, directories.insert(inode.number).inserted else {
      throw ExtFileSystem.fault("its directories lie in each other without end")
    }
    for name in try system.names(of: inode) {
      let place = path / FilePath(bytes: name.bytes)
      if Self.isVolatile(place) { continue }
      try add(try system.inode(name.inode), at: place, depth: depth + 1)
    }
  }

  private static func isVolatile(_ path: FilePath) -> Bool {
    // Compiled Python names the time of its source.
    if path.bytes.count > 4, path.bytes.suffix(4) == Array(".pyc".utf8)[...] { return true }
    return volatile.contains(path)
  }

  private mutating func describe(_ inode: ExtInode, _ path: FilePath) throws {
    var line = path.bytes + [0]
    let permissions = String(inode.mode, radix: 8)
    line += Array("\(inode.kind.rawValue) \(permissions) \(inode.uid) \(inode.gid) ".utf8)
    switch inode.kind {
    case .regular:
      // A second name of a file is that, and not another file.
      if let first = seen[inode.number] {
        line += Array("same \(first)".utf8)
      } else {
        seen[inode.number] = seen.count
        line += Array("\(inode.size) \(try contentDigest(of: inode, path))".utf8)
      }
    case .symbolicLink: line += try system.target(ofLink: inode)
    case .characterDevice, .blockDevice: line += Array(try inode.blocks.slice(0, 8))
    case .directory, .fifo, .socket, .unknown: break
    }
    // As they lie there: which names they have is in these bytes.
    line += [0] + inode.tail
    if inode.attributeBlock > 0 { line += try system.read(block: inode.attributeBlock).dropFirst(32) }
    hasher.update(Array("\(line.count)\n".utf8))
    hasher.update(line)
  }

  private mutating func contentDigest(of inode: ExtInode, _ path: FilePath) throws -> Digest {
    // The day of the last change of a password is a time.
    if path == "/etc/shadow" { return .sha256(Self.withoutDays(try system.contents(of: inode, limit: 64 << 20))) }
    var (hasher, left) = (SHA256Hasher(), left)
    let block = system.blockSize
    try system.forEachData(of: inode) { place, piece in
      left -= piece.count
      guard left >= 0 else { throw ExtFileSystem.fault("its files have blocks in common") }
      // Whether zeros lie there or a hole is nobody's business.
      for start in stride(from: 0, to: piece.count, by: block) {
        let part = UnsafeRawBufferPointer(rebasing: piece[start..<min(start + block, piece.count)])
        if Self.isEmpty(part) { continue }
        withUnsafeBytes(of: UInt64(place + start).littleEndian) { hasher.update($0) }
        hasher.update(part)
      }
    }
    self.left = left
    return hasher.finish()
  }

  private static func isEmpty(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    while place + 8 <= bytes.count {
      if bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) != 0 { return false }
      place += 8
    }
    return bytes[place...].allSatisfy { $0 == 0 }
  }

  private static func withoutDays(_ bytes: [UInt8]) -> [UInt8] {
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map { line -> [UInt8] in
      var fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      if fields.count > 2 { fields[2] = [] }
      return Array(fields.joined(separator: [UInt8(ascii: ":")]))
    }
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }
}
