internal import ImageModel
internal import YAMLText

/// A system that is made from packages.
extension MachineDefinitionReader {
  private static let systemKeys = [
    "suite", "packages", "mirror", "components", "hostname", "user", "root_password", "locale", "keyboard", "timezone",
    "boot_loader", "guest_additions",
  ]

  mutating func system(_ node: YAMLNode, hostname: String) -> MachineSystem? {
    guard let members = reader.members(of: node, "'system'", known: Self.systemKeys) else { return nil }
    if members["suite"] == nil {
      reader.report("'system' lacks 'suite'", at: node.location, help: "such as bookworm")
    }
    let suite = members["suite"].flatMap { word($0, "'suite'", Self.isName) }
    // A name of an image may have what a name of a machine has not.
    let name = String(hostname.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    var system = MachineSystem(suite: suite ?? "", hostname: name)
    if let node = members["packages"] { system.packages = words(node, "'packages'", Self.isName) }
    if let node = members["components"] { system.components = words(node, "'components'", Self.isName) }
    if let node = members["mirror"] {
      system.mirror = word(node, "'mirror'", Self.isURL)
    }
    if let node = members["hostname"], let name = word(node, "'hostname'", Self.isHostname) { system.hostname = name }
    if let node = members["locale"], let name = word(node, "'locale'", Self.isName) { system.locale = name }
    if let node = members["keyboard"], let name = word(node, "'keyboard'", Self.isName) { system.keyboard = name }
    if let node = members["timezone"], let name = word(node, "'timezone'", Self.isZone) { system.timezone = name }
    if let node = members["boot_loader"] {
      system.bootLoader =
        reader.choice(node, "'boot_loader'", of: MachineSystem.BootLoader.allCases) ?? .extlinux
    }
    if let node = members["guest_additions"] {
      system.hasGuestAdditions = reader.boolean(node, "'guest_additions'") ?? true
    }
    if let node = members["root_password"] { system.rootPassword = password(node, "'root_password'") }
    if let node = members["user"] { system.user = user(node) }
    return suite == nil ? nil : system
  }

  private mutating func user(_ node: YAMLNode) -> MachineUser? {
    if node.text != nil { return word(node, "'user'", Self.isUser).map(MachineUser.init) }
    guard let members = reader.members(of: node, "'user'", known: ["name", "password", "autologin", "sudo"]) else {
      return nil
    }
    if members["name"] == nil { reader.report("'user' lacks 'name'", at: node.location) }
    guard let name = members["name"].flatMap({ word($0, "'name'", Self.isUser) }) else { return nil }
    var user = MachineUser(name: name)
    if let node = members["password"] { user.password = password(node, "'password'") }
    if let node = members["autologin"] { user.logsInAutomatically = reader.boolean(node, "'autologin'") ?? false }
    if let node = members["sudo"] { user.isAdministrator = reader.boolean(node, "'sudo'") ?? false }
    return user
  }

  /// `locked`, a password that everybody reads here, or where one is found: `{env: NAME}`, `{file: PATH}`.
  private mutating func password(_ node: YAMLNode, _ what: String) -> MachinePassword {
    if node.text != nil {
      guard let text = reader.word(node, what) else { return .locked }
      if text.value == "locked" { return .locked }
      guard !text.value.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: ":") }) else {
        reader.report("\(what) has a colon or a line end", at: text.location)
        return .locked
      }
      return .known(text.value)
    }
    guard let members = reader.members(of: node, what, known: ["env", "file"]) else { return .locked }
    guard (members["env"] == nil) != (members["file"] == nil) else {
      reader.report("\(what) needs either 'env' or 'file'", at: node.location)
      return .locked
    }
    if let node = members["env"] {
      return word(node, "'env'", Self.isVariable).map { .secret(.environment($0)) } ?? .locked
    }
    guard let file = members["file"].flatMap({ reader.word($0, "'file'") }) else { return .locked }
    return .secret(.file(directory.appending(FilePath(file.value)).normalized))
  }

  // MARK: Words that go into commands and files of the system

  mutating func word(_ node: YAMLNode, _ what: String, _ isRight: (String) -> Bool) -> String? {
    guard let text = reader.word(node, what) else { return nil }
    if isRight(text.value) { return text.value }
    reader.report("'\(text.value)' cannot be \(what)", at: text.location)
    return nil
  }

  private mutating func words(_ node: YAMLNode, _ what: String, _ isRight: (String) -> Bool) -> [String] {
    (reader.texts(node, what) ?? []).compactMap { text in
      if isRight(text.value) { return text.value }
      reader.report("'\(text.value)' cannot be an element of \(what)", at: text.location)
      return nil
    }
  }

  /// Of a suite, a package, a locale: nothing that a command could take for an option.
  private static func isName(_ text: String) -> Bool { consists(text, of: "+-._@:=~", first: "") }
  private static func isZone(_ text: String) -> Bool { consists(text, of: "+-_/", first: "") }
  private static func isHostname(_ text: String) -> Bool {
    text.utf8.count <= 63 && consists(text, of: "-", first: "") && text.last != "-"
  }
  private static func isUser(_ text: String) -> Bool {
    text.utf8.count <= 32 && text == text.lowercased() && consists(text, of: "_-", first: "_")
      && !("0"..."9" ~= (text.first ?? "0"))
  }
  static func isVariable(_ text: String) -> Bool {
    consists(text, of: "_", first: "_") && !("0"..."9" ~= (text.first ?? "0"))
  }

  /// Of letters and digits of ASCII, and some more.
  private static func consists(_ text: String, of others: String, first: String) -> Bool {
    func isPlain(_ character: Character) -> Bool {
      character.isASCII && (character.isLetter || character.isNumber)
    }
    guard let head = text.first, isPlain(head) || first.contains(head) else { return false }
    return text.allSatisfy { isPlain($0) || others.contains($0) }
  }
}
