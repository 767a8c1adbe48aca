import ImageModel

/// In what two roots differ at one path.
struct RootDifference: Hashable {
  enum Aspect { case first, second, mode, owner, time, links, attributes, content }

  var path: FilePath
  /// `first` and `second`: only there.
  var aspect: Aspect
}

extension ListedRoot {
  /// - Returns: each difference with what the two have.
  func differences(from other: ListedRoot) -> [RootDifference: String] {
    var found: [RootDifference: String] = [:]
    for path in Set(files.keys).union(other.files.keys) {
      func tell(_ aspect: RootDifference.Aspect, _ text: String) {
        found[RootDifference(path: path, aspect: aspect)] = text
      }
      guard let one = other.files[path] else {
        tell(.second, "\(files[path]?.content ?? "")")
        continue
      }
      guard let two = files[path] else {
        tell(.first, "\(one.content)")
        continue
      }
      let pairs: [(RootDifference.Aspect, KeyPath<File, Substring>)] = [
        (.mode, \.mode), (.owner, \.owner), (.time, \.time), (.links, \.links), (.attributes, \.attributes),
        (.content, \.content),
      ]
      for (aspect, field) in pairs where one[keyPath: field] != two[keyPath: field] {
        tell(aspect, "\(one[keyPath: field].prefix(300)) and \(two[keyPath: field].prefix(300))")
      }
    }
    return found
  }
}
