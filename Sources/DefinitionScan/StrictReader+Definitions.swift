internal import ImageModel
internal import YAMLText

/// What definitions of docker images and of VM images have in common.
extension StrictReader {
  /// A reader of a definition, and its root: an empty mapping where the file says nothing.
  static func open(_ bytes: [UInt8], file: FilePath) throws(InvalidInput) -> (reader: StrictReader, root: YAMLNode) {
    let root = try YAMLReader.read(bytes, file: file)
    return (
      StrictReader(source: SourceText(bytes, file: file)),
      root ?? YAMLNode(.mapping([]), at: SourceLocation(file: file, line: 1, column: 1))
    )
  }

  /// The directories that a definition depends on.
  mutating func dependencies(_ node: YAMLNode) -> [Located<String>] {
    (texts(node, "'dependencies'") ?? []).filter { path in
      if path.value.isEmpty {
        report("a dependency is empty", at: path.location, help: "name a directory, relative to this one")
      }
      return !path.value.isEmpty
    }
  }

  /// At least one, or a fault.
  mutating func tags(_ node: YAMLNode?, of image: YAMLNode) -> [Located<String>] {
    guard let node else {
      report("the image source lacks 'tags'", at: image.location)
      return []
    }
    guard let tags = texts(node, "'tags'") else { return [] }
    if tags.isEmpty, node.sequence?.isEmpty == true {
      report("'tags' is empty", at: node.location, help: "the last tag is the image's main one")
    }
    return tags
  }

  /// `30d`, or `never` for no limit.
  mutating func age(_ node: YAMLNode) -> Duration? {
    guard let text = text(node, "'max_age'"), text.value != "never" else { return nil }
    if let duration = Self.duration(text.value, ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]) { return duration }
    report(
      "'\(text.value)' is not an age", at: text.location,
      help: "write a number and one of m, h, d, w, such as 30d, or never")
    return nil
  }

  /// `90s`, `30m`, `2h`.
  mutating func duration(_ node: YAMLNode, _ what: String) -> Duration? {
    guard let text = text(node, what) else { return nil }
    if let duration = Self.duration(text.value, ["s": 1, "m": 60, "h": 3600]) { return duration }
    report("\(what) must be a number and one of s, m, h, such as 30m", at: text.location)
    return nil
  }

  private static func duration(_ text: String, _ units: [Character: Int]) -> Duration? {
    guard let unit = text.last.flatMap({ units[$0] }), text.dropLast().utf8.allSatisfy({ 48...57 ~= $0 }),
      let count = Int(text.dropLast()), 1...100_000 ~= count
    else { return nil }
    return .seconds(count * unit)
  }
}
