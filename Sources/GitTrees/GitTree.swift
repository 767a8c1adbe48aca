internal import HostSystem
internal import ImageModel

/// The directories of a commit; each is read when it is first looked into. Paths are relative to the top, which is empty.
final class GitTree: Sendable {
  private let objects: GitObjects
  private let commit: String
  /// Whether a submodule is checked out; else it is an empty directory.
  private let isCheckedOut: @Sendable (FilePath) -> Bool
  private let listings = Locked<[FilePath: [FilePath: GitEntry]]>([:])

  init(_ objects: GitObjects, commit: String, isCheckedOut: @escaping @Sendable (FilePath) -> Bool) {
    (self.objects, self.commit, self.isCheckedOut) = (objects, commit, isCheckedOut)
  }

  func entry(at path: FilePath) throws(Failure) -> GitEntry? {
    if path.isEmpty { return GitEntry(kind: .directory, object: "\(commit)^{tree}") }
    return try names(in: path.parent)?[path.name]
  }

  /// The names in a directory that was read.
  func listed(_ path: FilePath) -> [FilePath: GitEntry]? { listings.withLock { $0[path] } }

  /// Nil where there is no directory.
  func names(in path: FilePath) throws(Failure) -> [FilePath: GitEntry]? {
    if let known = listed(path) { return known }
    guard let entry = try entry(at: path), entry.isDirectory else { return nil }
    var names: [FilePath: GitEntry]? = [:]
    if entry.kind == .directory {
      names = try list(entry.object, path)
    } else if isCheckedOut(path) {
      names = try list("\(entry.object)^{tree}", path)
    }
    listings.withLock { $0[path] = names }
    return names
  }

  private func list(_ object: String, _ path: FilePath) throws(Failure) -> [FilePath: GitEntry] {
    let found = try objects.object(object, at: path)
    guard found.kind == .tree, let names = GitEntry.entries(of: found.bytes, nameSize: commit.utf8.count / 2) else {
      throw Failure("git: \(path): the object \(object) is no directory")
    }
    return names
  }

  /// What a checkout would write.
  func bytes(of entry: GitEntry, at path: FilePath) throws(Failure) -> [UInt8] {
    try objects.object(entry.object, at: path).bytes
  }

  func target(of link: GitEntry, at path: FilePath) throws(Failure) -> [UInt8] {
    try objects.object(link.object, at: path, isConverted: false).bytes
  }
}

extension GitEntry {
  var isDirectory: Bool { kind == .directory || kind == .submodule }
}
