package import ImageModel

/// In what two root file systems differ, times aside.
package struct TreeDifferences: Sendable, Equatable {
  /// What may change of a file.
  package enum Aspect: String, Sendable, CaseIterable {
    case type, mode, owner, target, device, size, content, attributes
  }

  package struct Change: Sendable, Equatable {
    package var path: FilePath
    package var before: FileFacts
    package var after: FileFacts
    package var aspects: [Aspect]
  }

  /// All by path.
  package let added: [(path: FilePath, facts: FileFacts)]
  package let removed: [(path: FilePath, facts: FileFacts)]
  package let changed: [Change]
  /// Paths that were not compared.
  package let leftOut: Int

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// - Parameter ignored: paths that are not compared.
  package init(from old: FileTree, to new: FileTree, ignoring ignored: Set<FilePath> = []) {
    func only(in tree: FileTree, _ other: FileTree) -> [(path: FilePath, facts: FileFacts)] {
      tree.files.filter { other.files[$0.key] == nil && !ignored.contains($0.key) }
        .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    added = only(in: new, old)
    removed = only(in: old, new)
    changed = old.files.compactMap { path, before in
      guard let after = new.files[path], after != before, !ignored.contains(path) else { return nil }
      return Change(path: path, before: before, after: after, aspects: Self.aspects(before, after))
    }.sorted { $0.path < $1.path }
    leftOut = ignored.count { old.files[$0] != new.files[$0] }
  }

  private static func aspects(_ before: FileFacts, _ after: FileFacts) -> [Aspect] {
    Aspect.allCases.filter { aspect in
      switch aspect {
      case .type: before.kind != after.kind
      case .mode: before.mode != after.mode
      case .owner: before.uid != after.uid || before.gid != after.gid
      case .target: before.target != after.target
      case .device: before.device != after.device
      case .size: before.size != after.size
      case .content: before.content != after.content
      case .attributes: before.attributes != after.attributes
      }
    }
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.changed == right.changed && left.leftOut == right.leftOut
      && left.added.elementsEqual(right.added) { $0 == $1 } && left.removed.elementsEqual(right.removed) { $0 == $1 }
  }
}
