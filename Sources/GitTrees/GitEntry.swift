internal import ImageModel

/// What a tree of git has under one name.
struct GitEntry: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case directory
    case file(isExecutable: Bool)
    case link
    /// A commit of another repository.
    case submodule
  }

  var kind: Kind
  /// Its object's full name.
  var object: String

  /// The entries of a tree object: `MODE NAME`, a zero byte and the object's name in binary, one after the other.
  /// - Returns: nil for what is no tree.
  static func entries(of tree: [UInt8], nameSize: Int) -> [FilePath: GitEntry]? {
    var entries: [FilePath: GitEntry] = [:]
    var rest = tree[...]
    while !rest.isEmpty {
      guard let blank = rest.firstIndex(of: UInt8(ascii: " ")), let end = rest[blank...].firstIndex(of: 0),
        rest.endIndex - end > nameSize, let kind = kind(ofMode: rest[..<blank])
      else { return nil }
      let object = rest[(end + 1)...].prefix(nameSize)
      let name = FilePath(bytes: rest[(blank + 1)..<end])
      // Nobody makes such a tree by git; what it would lead to lies elsewhere.
      if name.isEmpty || [".", ".."].contains(name) || name.bytes.contains(UInt8(ascii: "/")) { return nil }
      entries[name] = GitEntry(kind: kind, object: hex(object))
      rest = rest[(end + 1 + nameSize)...]
    }
    return entries
  }

  private static func kind(ofMode digits: ArraySlice<UInt8>) -> Kind? {
    guard let mode = Int(String(decoding: digits, as: UTF8.self), radix: 8) else { return nil }
    return switch mode & 0o170000 {
    case 0o040000: .directory
    case 0o100000: .file(isExecutable: mode & 0o100 != 0)
    case 0o120000: .link
    case 0o160000: .submodule
    default: nil
    }
  }

  private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
