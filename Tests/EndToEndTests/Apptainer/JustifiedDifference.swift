import ImageModel
import Testing

/// A difference between the root that Apptainer makes of an image and ours, and why it is right.
struct JustifiedDifference {
  private let paths: Set<FilePath>
  private let isBelow: Bool
  private let aspects: [RootDifference.Aspect]
  let why: String

  /// - Parameter aspects: `first` is what only Apptainer has, `second` what only we have.
  init(_ aspects: RootDifference.Aspect..., at paths: [FilePath], why: String) {
    (self.aspects, self.paths, self.why, isBelow) = (aspects, Set(paths), why, false)
  }

  /// Of whatever lies below a directory.
  init(_ aspects: RootDifference.Aspect..., below directory: FilePath, why: String) {
    (self.aspects, self.why, isBelow) = (aspects, why, true)
    paths = [directory]
  }

  func covers(_ difference: RootDifference) -> Bool {
    guard aspects.contains(difference.aspect) else { return false }
    return isBelow ? paths.contains { difference.path.isBelow($0) } : paths.contains(difference.path)
  }

  /// What is listed and did not occur.
  func unneeded(_ found: Set<RootDifference>) -> [RootDifference] {
    if isBelow { return [] }
    return paths.flatMap { path in aspects.map { RootDifference(path: path, aspect: $0) } }
      .filter { !found.contains($0) }
  }
}

extension [JustifiedDifference] {
  /// What the two roots differ in is listed.
  /// - Parameter allOccur: and what is listed, they differ in.
  func expect(_ theirs: ListedRoot, _ ours: ListedRoot, allOccur: Bool) {
    #expect(theirs.files.count > 40 && ours.files.count > 40)
    let found = ours.differences(from: theirs)
    for (difference, text) in found.sorted(by: { $0.key.path < $1.key.path }) {
      let isListed = contains { $0.covers(difference) }
      #expect(isListed, "\(difference.aspect) of /\(difference.path): \(text)")
    }
    guard allOccur else { return }
    for justified in self {
      #expect(justified.unneeded(Set(found.keys)) == [], "is no difference any more: \(justified.why)")
    }
  }
}
