package import ImageModel

/// Whether a trace still holds.
package struct TraceCheck: Hashable, Sendable {
  /// The groups in which some answer is another one now, in order.
  package var changedGroups: [Int] = []
  /// Whether some path leads elsewhere.
  package var isResolutionChanged = false

  package init() {}

  package var holds: Bool { changedGroups.isEmpty && !isResolutionChanged }
}

extension FileSystem {
  /// One question after the other: for file systems that have no quicker way.
  package func check(_ traces: [FileTrace]) -> [TraceCheck] {
    traces.map { trace in
      var check = TraceCheck()
      for (index, group) in trace.groups.enumerated() where !holds(group) { check.changedGroups.append(index) }
      check.isResolutionChanged = trace.resolutions.contains { !leads($0.path, to: $0.target) }
      return check
    }
  }

  /// Whether a path resolves to a target; for none, whether it leads nowhere, which is another answer than to circle.
  package func leads(_ path: FilePath, to target: FilePath?) -> Bool {
    do throws(FileSystemError) {
      return try resolved(path) == target
    } catch {
      return target == nil && (error.reason == .notFound || error.reason == .notADirectory)
    }
  }

  private func holds(_ group: TraceGroup) -> Bool {
    let directory = group.directory
    if group.hasNames {
      guard let status = try? status(of: directory, followingLinks: true), FileStamp(status) == group.stamp else {
        return false
      }
    }
    return (0..<group.entryCount).allSatisfy { index in
      let entry = group[index]
      return stamp(of: directory / entry.path, followingLinks: entry.isFollowed) == entry.stamp
    }
  }

  /// Nil where the answer is one that no stamp can tell.
  private func stamp(of path: FilePath, followingLinks: Bool) -> FileStamp? {
    do {
      return FileStamp(try status(of: path, followingLinks: followingLinks))
    } catch {
      return FileStamp(error.reason)
    }
  }

  /// Names and kinds only, where asking for each status would be a waste.
  package func names(of directory: FilePath) throws(FileSystemError) -> [DirectoryName] {
    try entries(of: directory).map { DirectoryName(name: $0.name, kind: $0.status.kind) }
  }

  /// A file's bytes where they need not be copied; nil when there is no such file.
  package func mapped(_ path: FilePath) throws(FileSystemError) -> FileBytes? {
    try contentsIfPresent(of: path, limit: 1 << 32).map(FileBytes.init)
  }
}

/// A name in a directory.
package struct DirectoryName: Hashable, Sendable {
  /// One component.
  package var name: FilePath
  /// Of the entry itself, links not followed.
  package var kind: FileStatus.Kind

  package init(name: FilePath, kind: FileStatus.Kind) {
    self.name = name
    self.kind = kind
  }
}
