internal import ImageModel
internal import YAMLText

/// What an image begins with: exactly one of `base`, `system` and `iso`.
extension MachineDefinitionReader {
  private static let baseKeys = ["base", "system", "iso"]

  mutating func base(
    _ members: [String: YAMLNode], of image: YAMLNode, hostname: String
  ) -> MachineBase? {
    let given = Self.baseKeys.filter { members[$0] != nil }
    guard let key = given.first, let node = members[key] else {
      reader.report(
        "the image source has no base", at: image.location,
        help: "give it 'base' (another image or a disk), 'system' (packages) or 'iso' (an installer)")
      return nil
    }
    if let second = given.dropFirst().first, let other = members[second] {
      reader.report("'\(second)' is a second base, after '\(key)'", at: other.location, help: "keep one of them")
    }
    switch key {
    case "system": return system(node, hostname: hostname).map(MachineBase.system)
    case "iso": return installer(node)
    default: return base(node)
    }
  }

  private mutating func base(_ node: YAMLNode) -> MachineBase? {
    if node.text != nil {
      guard let text = reader.word(node, "'base'") else { return nil }
      if let format = Self.format(of: text.value), !text.value.hasPrefix("vbox/") {
        return file(text, digest: nil).map { .disk($0, format) }
      }
      return artifact(text, .vbox).map(MachineBase.machine)
    }
    guard let members = reader.members(of: node, "'base'", known: ["image", "file", "url", "sha256", "format"]) else {
      return nil
    }
    if let name = members["image"] {
      for key in ["file", "url", "sha256", "format"] {
        if let other = members[key] {
          reader.report("'\(key)' means nothing beside 'image'", at: other.location, help: "remove one of them")
        }
      }
      return reader.word(name, "'image'").flatMap { artifact($0, .vbox) }.map(MachineBase.machine)
    }
    let format = members["format"].flatMap { reader.choice($0, "'format'", of: MachineDiskFormat.allCases) }
    guard let file = file(members, "'base'", at: node.location) else { return nil }
    if members["format"] != nil { return format.map { .disk(file, $0) } }
    guard let known = Self.format(of: file.text) else {
      let names = MachineDiskFormat.allCases.map(\.rawValue).joined(separator: ", ")
      reader.report(
        "the name '\(file.text)' does not tell what it is", at: file.location, help: "say 'format: …', one of \(names)")
      return nil
    }
    return .disk(file, known)
  }

  private static func format(of name: String) -> MachineDiskFormat? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let ending = name[name.index(after: dot)...].lowercased()
    return ending == "img" ? .raw : MachineDiskFormat(rawValue: ending)
  }

  /// `file:` or `url:`, and `sha256:`.
  private mutating func file(
    _ members: [String: YAMLNode], _ what: String, at location: SourceLocation
  ) -> MachineFile? {
    let digest = members["sha256"].flatMap { self.digest($0) }
    if members["sha256"] != nil && digest == nil { return nil }
    guard (members["file"] == nil) != (members["url"] == nil) else {
      reader.report("\(what) needs either 'file' or 'url'", at: location)
      return nil
    }
    let isURL = members["url"] != nil
    guard let node = members["file"] ?? members["url"],
      let text = reader.word(node, isURL ? "'url'" : "'file'")
    else { return nil }
    if isURL != Self.isURL(text.value) {
      reader.report(
        isURL ? "'\(text.value)' is not a URL" : "'\(text.value)' is not a path", at: text.location,
        help: isURL ? "it begins with https:// or http:// and has no spaces" : "write it as 'url'")
      return nil
    }
    return file(text, digest: digest)
  }

  private mutating func file(_ text: Located<String>, digest: Digest?) -> MachineFile? {
    guard text.value.contains("://") else {
      return MachineFile(.path(text.value), digest: digest, location: text.location)
    }
    guard Self.isURL(text.value), digest != nil else {
      reader.report(
        "what a URL leads to may change: it needs its sha256", at: text.location,
        help: "write {url: '\(text.value)', sha256: …}")
      return nil
    }
    return MachineFile(.url(text.value), digest: digest, location: text.location)
  }

  static func isURL(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
    let rest = text.dropFirst(scheme.count)
    return rest.first != "/" && !rest.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 }
  }

  private mutating func digest(_ node: YAMLNode) -> Digest? {
    guard let text = reader.word(node, "'sha256'") else { return nil }
    let digits = text.value.hasPrefix("sha256:") ? String(text.value.dropFirst(7)) : text.value
    if let digest = Digest(hex: digits.lowercased()) { return digest }
    reader.report("'\(text.value)' is not a SHA-256", at: text.location, help: "it has 64 hexadecimal digits")
    return nil
  }

  private mutating func installer(_ node: YAMLNode) -> MachineBase? {
    guard
      let members = reader.members(
        of: node, "'iso'", known: ["file", "url", "sha256"] + MachineInstaller.Dialect.allCases.map(\.rawValue))
    else { return nil }
    let medium = file(members, "'iso'", at: node.location)
    let dialects = MachineInstaller.Dialect.allCases.filter { members[$0.rawValue] != nil }
    guard dialects.count == 1, let dialect = dialects.first, let answers = members[dialect.rawValue] else {
      reader.report(
        "'iso' needs either 'preseed' or 'autoinstall'", at: node.location,
        help: "name the file with the answers to the installer's questions")
      return nil
    }
    guard let medium, let path = inside(answers, "'\(dialect.rawValue)'") else { return nil }
    return .installer(MachineInstaller(medium: medium, dialect: dialect, answers: path.value))
  }
}
