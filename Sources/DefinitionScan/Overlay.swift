internal import HostSystem
internal import ImageModel

/// The definitions of all search directories, laid over each other.
struct Overlay: Sendable {
  let roots: [SearchPath.Root]
  /// Relative paths of those that count, sorted.
  let definitions: [FilePath]
  private let populated: Locked<Set<FilePath>?>

  init(roots: [SearchPath.Root], definitions: [FilePath]) {
    (self.roots, self.definitions) = (roots, definitions)
    populated = Locked(nil)
  }

  /// Whether there is a definition at or below `path`.
  func isPopulated(_ path: FilePath) -> Bool {
    // Made when first asked for: where every definition is known nobody asks.
    populated.withLock { populated in
      if let populated { return populated.contains(path) }
      var made: Set<FilePath> = ["."]
      for path in definitions {
        var current = path
        while !current.isEmpty, made.insert(current).inserted { current = current.parent }
      }
      populated = made
      return made.contains(path)
    }
  }

  /// Of all that a dependency's meaning rests on beside files.
  var digest: Digest {
    var bytes: [UInt8] = []
    for root in roots { bytes += root.docker.bytes + [0] }
    bytes.append(0)
    for path in definitions { bytes += path.bytes + [0] }
    return .sha256(bytes)
  }
}
