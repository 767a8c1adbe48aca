internal import CSys
internal import Glibc
package import ImageModel

extension PosixFileSystem {
  /// So many entries of one directory are looked at by one thread at a time.
  private static let pieceOfDirectory = 512

  private struct Piece: Sendable {
    var trace: Int
    var group: Int
    var entries: Range<Int>
  }

  package func check(_ traces: [FileTrace]) -> [TraceCheck] {
    var pieces: [Piece] = []
    for (trace, index) in traces.enumerated().lazy.map({ ($0.element, $0.offset) }) {
      for (number, group) in trace.groups.enumerated() {
        var start = 0
        repeat {
          let end = min(group.entryCount, start + Self.pieceOfDirectory)
          pieces.append(Piece(trace: index, group: number, entries: start..<end))
          start = end
        } while start < group.entryCount
      }
    }
    let all = pieces
    var checks = [TraceCheck](repeating: TraceCheck(), count: traces.count)
    let changed = Self.found(among: all.count) { index in
      !Self.holds(traces[all[index].trace].groups[all[index].group], all[index].entries)
    }
    for index in changed {
      let piece = all[index]
      if checks[piece.trace].changedGroups.last != piece.group {
        checks[piece.trace].changedGroups.append(piece.group)
      }
    }
    let moved = Self.found(among: traces.count) { index in
      traces[index].resolutions.contains { !leads($0.path, to: $0.target) }
    }
    for index in moved {
      checks[index].isResolutionChanged = true
    }
    return checks
  }

  /// The numbers below `count` for which `body` is true, sorted; asked on all cores.
  private static func found(among count: Int, _ body: @escaping @Sendable (Int) -> Bool) -> [Int] {
    let found = Locked<[Int]>([])
    // A few at a time, so that the threads seldom meet.
    let stride = 16
    concurrently((count + stride - 1) / stride) { batch in
      for index in (batch * stride)..<min(count, (batch + 1) * stride) where body(index) {
        found.withLock { $0.append(index) }
      }
    }
    return found.withLock { $0.sorted() }
  }

  private static func holds(_ group: TraceGroup, _ entries: Range<Int>) -> Bool {
    // For reading, though nothing is read: on NFS this asks the server whether the directory has changed, and it mounts what
    // is mounted when it is used. O_PATH or stat, which cost less, do neither.
    let (opened, code) = uninterrupted { Glibc.open(group.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard code == 0 else {
      guard code == ENOENT || code == ENOTDIR, !group.hasNames else { return false }
      let stamp = code == ENOENT ? FileStamp.absent : .blocked
      return entries.allSatisfy { group[$0].stamp == stamp }
    }
    let directory = FileDescriptor(owning: opened)
    let number = directory.number
    var status = stat()
    if group.hasNames, entries.lowerBound == 0 {
      guard fstat(number, &status) == 0, FileStamp(FileStatus(status)) == group.stamp else { return false }
    }
    for index in entries {
      let entry = group[index]
      let code = uninterrupted {
        fstatat(number, entry.name, &status, entry.isFollowed ? 0 : AT_SYMLINK_NOFOLLOW)
      }.code
      switch code {
      case 0: if FileStamp(FileStatus(status)) != entry.stamp { return false }
      case ENOENT: if entry.stamp != .absent { return false }
      case ENOTDIR: if entry.stamp != .blocked { return false }
      default: return false
      }
    }
    return true
  }

  package func names(of directory: FilePath) throws(FileSystemError) -> [DirectoryName] {
    let descriptor = try FileDescriptor(opening: directory, O_RDONLY | O_DIRECTORY)
    let listing = try DirectoryListing(of: descriptor, directory)
    let number = descriptor.number
    var names: [DirectoryName] = []
    names.reserveCapacity(listing.count)
    for index in 0..<listing.count {
      if let kind = listing.kind(index) {
        names.append(DirectoryName(name: listing.name(index), kind: kind))
        continue
      }
      // Some file systems do not tell.
      var status = stat()
      let code = uninterrupted { listing.withName(index) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) } }.code
      if code == ENOENT { continue }
      let name = listing.name(index)
      guard code == 0 else { throw FileSystemError("stat", directory / name, code: code) }
      names.append(DirectoryName(name: name, kind: FileStatus(status).kind))
    }
    return names
  }

  package func mapped(_ path: FilePath) throws(FileSystemError) -> FileBytes? {
    let file: RegularFile
    do {
      file = try RegularFile(opening: path)
    } catch {
      if error.reason == .notFound || error.reason == .notADirectory { return nil }
      throw error
    }
    guard file.size > 0 else { return FileBytes([]) }
    let size = file.size
    let start = mmap(nil, size, PROT_READ, MAP_PRIVATE | cs_map_populate(), file.descriptor.number, 0)
    guard let start, start != UnsafeMutableRawPointer(bitPattern: -1) else {
      throw FileSystemError("mmap", path, code: errno)
    }
    return FileBytes(start, count: size) { munmap(start, size) }
  }
}
