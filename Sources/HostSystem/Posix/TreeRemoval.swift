internal import Glibc
internal import ImageModel

/// Removes a directory with all below it, also where it is not writable or nested deeper than a path may be long.
///
/// Never follows a link and never enters another mount: a directory is entered only after the system refused to remove
/// it because it is not empty, and a mount point it refuses for another reason.
struct TreeRemoval {
  private let root: FilePath
  private let top: Int32
  private static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
  /// A directory below this depth is moved to the root first, so that depth costs neither descriptors nor stack.
  private static let depthLimit = 32
  /// How often to look again when others keep adding files.
  private static let passLimit = 64

  private init(root: FilePath, top: Int32) {
    self.root = root
    self.top = top
  }

  static func remove(_ root: FilePath) throws(FileSystemError) {
    while true {
      let code = systemCode(on: root) { rmdir($0) }
      if code == 0 || code == ENOENT { return }
      if code != ENOTEMPTY && code != EEXIST { throw FileSystemError("rmdir", root, code: code) }
      let descriptor = try open(root)
      // A pass takes some levels off a deep tree; there may be any number of them.
      let isChanged = try TreeRemoval(root: root, top: descriptor.number).empty(descriptor, depth: 0)
      if !isChanged { throw FileSystemError("rmdir", root, code: ENOTEMPTY) }
    }
  }

  private static func open(_ root: FilePath) throws(FileSystemError) -> FileDescriptor {
    do {
      return try FileDescriptor(opening: root, flags)
    } catch {
      if error.reason != .notPermitted { throw error }
      try systemCall("chmod", on: root) { chmod($0, 0o700) }
      return try FileDescriptor(opening: root, flags)
    }
  }

  /// Removes everything in the directory, in one pass.
  /// - Returns: whether there was anything.
  @discardableResult
  private func empty(_ directory: borrowing FileDescriptor, depth: Int) throws(FileSystemError) -> Bool {
    let number = directory.number
    let listing = try DirectoryListing(of: directory, root)
    var isWritable = false
    for index in 0..<listing.count {
      var code = unlink(listing, index, in: number)
      if code == EACCES || code == EPERM, !isWritable {
        // Removing needs a directory that we may write to and search.
        _ = fchmod(number, 0o700)
        isWritable = true
        code = unlink(listing, index, in: number)
      }
      switch code {
      case 0, ENOENT: continue
      case EISDIR: try removeDirectory(listing, index, in: number, depth: depth)
      default: throw error("unlink", listing, index, code)
      }
    }
    return !listing.isEmpty
  }

  private func removeDirectory(
    _ listing: DirectoryListing, _ index: Int, in parent: Int32, depth: Int
  ) throws(FileSystemError) {
    for _ in 0..<Self.passLimit {
      let code = uninterrupted { listing.withName(index) { unlinkat(parent, $0, AT_REMOVEDIR) } }.code
      if code == 0 || code == ENOENT { return }
      if code != ENOTEMPTY && code != EEXIST { throw error("rmdir", listing, index, code) }
      let directory = try open(listing, index, in: parent)
      if depth < Self.depthLimit {
        try empty(directory, depth: depth + 1)
      } else {
        try moveUp(listing, index, in: parent, directory)
        return
      }
    }
    throw error("rmdir", listing, index, ENOTEMPTY)
  }

  private func open(_ listing: DirectoryListing, _ index: Int, in parent: Int32) throws(FileSystemError)
    -> FileDescriptor
  {
    func attempt() -> (result: Int32, code: Int32) {
      uninterrupted { listing.withName(index) { openat(parent, $0, Self.flags | O_CLOEXEC) } }
    }
    var (number, code) = attempt()
    if code == EACCES {
      _ = listing.withName(index) { fchmodat(parent, $0, 0o700, AT_SYMLINK_NOFOLLOW) }
      (number, code) = attempt()
    }
    guard code == 0 else { throw error("open", listing, index, code) }
    return FileDescriptor(owning: number)
  }

  /// Moves a deep directory to the root, where a later pass finds it.
  private func moveUp(
    _ listing: DirectoryListing, _ index: Int, in parent: Int32, _ directory: borrowing FileDescriptor
  ) throws(FileSystemError) {
    // A new parent is a change of the directory's own `..`.
    _ = fchmod(directory.number, 0o700)
    var random = SystemRandomNumberGenerator()
    let name = ".coppice-" + String(random.next(), radix: 36)
    let code = uninterrupted { listing.withName(index) { renameat(parent, $0, top, name) } }.code
    if code != 0 && code != ENOENT { throw error("rename", listing, index, code) }
  }

  private func unlink(_ listing: DirectoryListing, _ index: Int, in directory: Int32) -> Int32 {
    uninterrupted { listing.withName(index) { unlinkat(directory, $0, 0) } }.code
  }

  /// Names the root and the entry: what lies between is not known, the way there went by descriptors.
  private func error(
    _ operation: String, _ listing: DirectoryListing, _ index: Int, _ code: Int32
  ) -> FileSystemError {
    FileSystemError(operation, root / "…" / listing.name(index), code: code)
  }
}
