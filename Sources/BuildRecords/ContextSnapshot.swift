package import HostSystem
package import ImageModel

/// The files of a context that a build can see, as they were at one moment.
package struct ContextSnapshot: Sendable {
  /// Sorted by path.
  package var files: [StagedFile] = []
  /// Everything that was looked at, in order: a table of it is made only when another look is compared.
  private var seen: [(path: FilePath, status: FileStatus)] = []
  /// Files that had to be read.
  package var hashed: [FileIndex.Entry] = []
  package var diagnostics: [Diagnostic] = []

  package init() {}

  package mutating func saw(_ path: FilePath, _ status: FileStatus) { seen.append((path, status)) }

  /// The digest of a file that is looked at, from the index where that knows it.
  /// - Throws: `Failure` when it changes while it is read, `FileSystemError`.
  mutating func digest(
    of place: FilePath, _ status: FileStatus, _ index: FileIndex, _ files: any FileSystem
  ) throws -> Digest {
    saw(place, status)
    if let known = index.digest(for: status) { return known }
    let file = try files.hashed(place)
    guard file.status == status else {
      throw Failure("\(place) changed while it was read", help: "run again when nothing writes there")
    }
    hashed.append(FileIndex.Entry(status, file.digest))
    return file.digest
  }

  /// Everything that was looked at, with its stamp: another look shows whether anything moved. Made anew at each call.
  package var witness: [FilePath: FileStatus] {
    Dictionary(seen.map { ($0.path, $0.status) }) { _, last in last }
  }

  /// The digest of the list of its files, as `StepInputs` has it; nil when there are none.
  package var listDigest: Digest? { files.isEmpty ? nil : Digest.sha256(InputEncoding.bytes(of: files)) }

  /// The paths whose device, inode, size or times differ, or that came or went; also those that hold something else
  /// though no stamp tells, since they changed within one tick of the clock.
  package func moved(since before: ContextSnapshot) -> [FilePath] {
    let (witness, earlier) = (witness, before.witness)
    var moved: [FilePath] = []
    for (path, status) in witness where !Self.isSame(earlier[path], status) { moved.append(path) }
    for path in earlier.keys where witness[path] == nil { moved.append(path) }
    if moved.isEmpty && files != before.files {
      let known = Set(before.files)
      moved = files.filter { !known.contains($0) }.compactMap(\.source)
    }
    return moved.sorted()
  }

  /// Directories compare by what they hold, which the other paths tell: a build may touch their times.
  private static func isSame(_ before: FileStatus?, _ after: FileStatus) -> Bool {
    guard let before, before.kind == after.kind, before.mode == after.mode else { return false }
    return after.kind == .directory ? before.inode == after.inode : before == after
  }
}
