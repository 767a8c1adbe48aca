package import HostSystem
package import ImageModel

/// What tests do to the disk behind the back of the code under test: not in the journal, never failing.
extension InMemoryFileSystem {
  /// Lets time pass; without it two changes have the same time, as within one tick of the kernel.
  package func tick(_ duration: Duration = .seconds(1)) {
    let (seconds, attoseconds) = duration.components
    state.withLock { $0.tree.now += Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000) }
  }

  /// Nanoseconds since 1970.
  package var now: Int { state.withLock { $0.tree.now } }

  /// Writes a file in place, as an editor that keeps the inode, with its missing directories.
  package func write(_ path: FilePath, _ text: String, mode: UInt16? = nil) {
    write(path, bytes: Array(text.utf8), mode: mode)
  }

  /// - Parameter mode: nil leaves that of an existing file and is 0o644 for a new one.
  package func write(_ path: FilePath, bytes: [UInt8], mode: UInt16? = nil) {
    let path = root / path
    change { tree throws(FileSystemError) in
      try tree.makeDirectories(path.parent)
      if let inode = try tree.place("open", path, followingLinks: true).inode {
        tree.setBytes(bytes, of: inode)
        if let mode { tree.setMode(mode, of: inode) }
      } else {
        tree.setBytes(bytes, of: try tree.make("open", .regular, mode ?? 0o644, at: path))
      }
    }
  }

  /// Adds many files at once.
  package func write(_ files: [FilePath: String]) {
    for (path, text) in files.sorted(by: { $0.key < $1.key }) { write(path, text) }
  }

  /// Replaces a file by a new one, as an editor that renames.
  package func swapIn(_ path: FilePath, _ text: String) {
    let temporary = (root / path).parent / ".swapped"
    write(temporary, text)
    let path = root / path
    change { tree throws(FileSystemError) in try tree.rename(temporary, to: path) }
  }

  /// Makes a symbolic link with its missing directories.
  package func link(_ path: FilePath, to target: FilePath) {
    let path = root / path
    change { tree throws(FileSystemError) in
      try tree.makeDirectories(path.parent)
      _ = try tree.make("symlink", .symbolicLink, 0o777, at: path, target: target)
    }
  }

  /// Makes an empty directory, a FIFO, a socket or a device.
  package func makeSpecial(_ path: FilePath, _ kind: FileStatus.Kind) {
    let path = root / path
    change { tree throws(FileSystemError) in
      try tree.makeDirectories(path.parent)
      _ = try tree.make("mknod", kind, kind == .directory ? 0o755 : 0o644, at: path)
    }
  }

  /// Sets the time of modification, as `touch -d`; the time of change is now.
  package func setModified(_ nanoseconds: Int, of path: FilePath) {
    let path = root / path
    change { tree throws(FileSystemError) in
      tree.setModified(nanoseconds, of: try tree.inode("utimes", path, followingLinks: false))
    }
  }

  package func touch(_ path: FilePath) { setModified(now, of: path) }

  package func chmod(_ path: FilePath, _ mode: UInt16) {
    let path = root / path
    change { tree throws(FileSystemError) in tree.setMode(mode, of: try tree.inode("chmod", path)) }
  }

  /// Removes a file or a tree.
  package func delete(_ path: FilePath) {
    let path = root / path
    change { tree throws(FileSystemError) in try tree.removeTree(path) }
  }

  package func move(_ path: FilePath, to newPath: FilePath) {
    let (path, newPath) = (root / path, root / newPath)
    change { tree throws(FileSystemError) in try tree.rename(path, to: newPath) }
  }

  /// The file as text; nil when there is none.
  package func text(_ path: FilePath) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

  package func bytes(_ path: FilePath) -> [UInt8]? {
    let path = root / path
    return state.withLock { state in
      guard let node = try? state.tree.node("open", path), node.status.kind == .regular else { return nil }
      return node.bytes
    }
  }

  package func exists(_ path: FilePath) -> Bool {
    let path = root / path
    return state.withLock { (try? $0.tree.inode("stat", path, followingLinks: false)) != nil }
  }

  /// Everything below a directory but directories, relative to it, sorted.
  package func files(below path: FilePath = "") -> [FilePath] {
    let path = path.isEmpty ? root : root / path
    return state.withLock { state in
      var files: [FilePath] = []
      func visit(_ inode: UInt64, _ path: FilePath) {
        guard let node = state.tree.nodes[inode] else { return }
        if node.status.kind != .directory { files.append(path) }
        for (name, child) in node.children { visit(child, path / name) }
      }
      if let inode = try? state.tree.inode("stat", path) { visit(inode, "") }
      return files.sorted()
    }
  }

  /// Another disk with the same on it.
  package func duplicate() -> InMemoryFileSystem {
    let copy = InMemoryFileSystem(root: root)
    let tree = state.withLock { $0.tree }
    copy.state.withLock { $0.tree = tree }
    return copy
  }

  // MARK: the journal

  package var journal: [JournalEntry] { state.withLock { $0.journal } }

  package func clearJournal() { state.withLock { $0.journal = [] } }

  /// The paths of these operations since the journal was cleared, in order, those below `root` relative to it.
  package func journal(_ operations: Operation...) -> [FilePath] {
    journal.filter { operations.contains($0.operation) }.map { $0.path.relative(to: root) ?? $0.path }
  }

  /// Whether nothing was changed since the journal was cleared.
  package var isUntouched: Bool { !journal.contains { $0.operation.isChange } }

  // MARK: failures

  /// Asked before every operation; an error is thrown instead of doing it.
  package func injectFailures(_ failures: @escaping Failures) { state.withLock { $0.failures = failures } }

  /// The disk is full after this many more bytes; the last write is cut short there.
  package func limitSpace(to bytes: Int) { state.withLock { $0.space = bytes } }

  /// This many more changes succeed, then every one fails, also cleaning up: what a kill at that instant leaves.
  package func loseDisk(afterChanges count: Int) { state.withLock { $0.changesLeft = count } }

  /// Ends injected failures, limits and losses, and what locks a lost process held.
  package func repair() {
    state.withLock { state in
      state.failures = { _, _ in nil }
      state.space = 1 << 40
      state.changesLeft = nil
      state.locks = []
    }
  }

  private func change(_ body: (inout MemoryTree) throws(FileSystemError) -> Void) {
    state.withLock { state in
      let result = Result { () throws(FileSystemError) in try body(&state.tree) }
      if case .failure(let error) = result { preconditionFailure("the test asks for the impossible: \(error)") }
    }
  }
}
