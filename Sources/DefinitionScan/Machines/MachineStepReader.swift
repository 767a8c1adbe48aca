internal import ImageModel
internal import YAMLText

/// The steps of an image.
extension MachineDefinitionReader {
  private static let stepKeys = ["copy", "run", "environment", "rootfs", "user_install"]

  mutating func steps(_ node: YAMLNode) -> [MachineStep] {
    (reader.list(node, "'steps'") ?? []).compactMap { step($0) }
  }

  private mutating func step(_ node: YAMLNode) -> MachineStep? {
    guard let members = reader.members(of: node, "a step", known: Self.stepKeys) else { return nil }
    guard members.count == 1, let (key, value) = members.first else {
      // A key that nobody knows was told already.
      if !members.isEmpty || node.mapping?.isEmpty != false {
        reader.report(
          "a step needs exactly one of \(Self.stepKeys.joined(separator: ", "))", at: node.location,
          help: members.count > 1 ? "write each as an element of its own, since their order counts" : nil)
      }
      return nil
    }
    let action: MachineStep.Action? =
      switch key {
      case "copy": copy(value).map(MachineStep.Action.copy)
      case "run": run(value).map(MachineStep.Action.run)
      case "environment": environment(value).map(MachineStep.Action.environment)
      case "rootfs": rootfs(value).map(MachineStep.Action.rootfs)
      default: userInstall(value).map(MachineStep.Action.userInstall)
      }
    return action.map { MachineStep($0, at: node.location) }
  }

  private mutating func copy(_ node: YAMLNode) -> MachineCopy? {
    guard let members = reader.members(of: node, "'copy'", known: ["from", "to", "owner", "mode"]) else { return nil }
    require(["from", "to"], of: members, "'copy'", at: node.location)
    var from: [Located<String>] = []
    var isWhole = true
    if let node = members["from"] {
      let nodes = node.text == nil ? reader.list(node, "'from'") ?? [] : [node]
      if nodes.isEmpty, node.text == nil { reader.report("'from' names no file", at: node.location) }
      from = nodes.compactMap { inside($0, "'from'") }
      isWhole = !nodes.isEmpty && from.count == nodes.count
    }
    let to = members["to"].flatMap { guestPath($0, "'to'") }
    let owner = members["owner"].flatMap { word($0, "'owner'", Self.isOwner) }
    let mode = members["mode"].flatMap { self.mode($0) }
    guard let to, isWhole, !from.isEmpty else { return nil }
    if from.count > 1, !to.hasSuffix("/"), let node = members["to"] {
      reader.report("several files need a directory to go to", at: node.location, help: "write '\(to)/'")
      return nil
    }
    return MachineCopy(from: from, to: to, owner: owner, mode: mode)
  }

  private mutating func run(_ node: YAMLNode) -> MachineRun? {
    if let program = program(node, isAlone: true) { return MachineRun(program) }
    guard node.mapping != nil else { return nil }
    guard
      let members = reader.members(
        of: node, "'run'", known: ["command", "script", "arguments", "network", "timeout"])
    else { return nil }
    var run: MachineRun?
    if (members["command"] == nil) == (members["script"] == nil) {
      reader.report("'run' needs either 'command' or 'script'", at: node.location)
    } else if let node = members["command"] {
      run = program(node, isAlone: false).map { MachineRun($0) }
    } else if let path = members["script"].flatMap({ inside($0, "'script'") }) {
      let arguments = members["arguments"].flatMap { reader.texts($0, "'arguments'") } ?? []
      run = MachineRun(.script(path, arguments.map(\.value)))
    }
    if members["script"] == nil, let node = members["arguments"] {
      reader.report("'arguments' are for a 'script'", at: node.location, help: "write them behind the command")
    }
    if let node = members["network"] { run?.usesNetwork = reader.boolean(node, "'network'") ?? false }
    if let node = members["timeout"] { run?.timeLimit = reader.duration(node, "'timeout'") }
    return run
  }

  /// Text for a shell, or a list of words.
  private mutating func program(_ node: YAMLNode, isAlone: Bool) -> MachineRun.Program? {
    if node.text != nil { return reader.word(node, isAlone ? "'run'" : "'command'").map { .shell($0.value) } }
    guard node.sequence != nil else {
      if !isAlone { reader.report("'command' must be text or a list, this is \(node.summary)", at: node.location) }
      return nil
    }
    guard let words = reader.texts(node, "the command") else { return nil }
    guard let first = words.first, !first.value.isEmpty else {
      reader.report("the command has no words", at: node.location)
      return nil
    }
    return .command(words.map(\.value))
  }

  private mutating func environment(_ node: YAMLNode) -> [String: String]? {
    guard let members = reader.textMap(node, "'environment'") else { return nil }
    if members.isEmpty { reader.report("'environment' is empty", at: node.location) }
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      if !Self.isVariable(name) { reader.report("'\(name)' is no name of a variable", at: value.location) }
      if value.value.utf8.contains(where: { $0 < 0x20 }) {
        reader.report("the value of '\(name)' has more than one line", at: value.location)
      }
    }
    return members.mapValues(\.value)
  }

  private mutating func rootfs(_ node: YAMLNode) -> MachineRootFS? {
    if node.text != nil {
      return reader.word(node, "'rootfs'").flatMap { artifact($0, .docker) }.map { MachineRootFS(image: $0) }
    }
    guard let members = reader.members(of: node, "'rootfs'", known: ["image", "path", "exclude"]) else { return nil }
    require(["image"], of: members, "'rootfs'", at: node.location)
    let image = members["image"].flatMap { reader.word($0, "'image'") }.flatMap { artifact($0, .docker) }
    let path = members["path"].map { guestPath($0, "'path'") } ?? "/"
    let exclude = members["exclude"].flatMap { reader.texts($0, "'exclude'") } ?? []
    for pattern in exclude where pattern.value.first != "/" {
      reader.report("'\(pattern.value)' is not an absolute path of the image", at: pattern.location)
    }
    guard let image, let path else { return nil }
    return MachineRootFS(image: image, path: path, exclude: exclude.map(\.value))
  }

  private mutating func userInstall(_ node: YAMLNode) -> MachineUserInstall? {
    guard let members = reader.members(of: node, "'user_install'", known: ["from", "to"]) else { return nil }
    require(["from"], of: members, "'user_install'", at: node.location)
    let from = members["from"].flatMap { reader.word($0, "'from'") }
    let to = members["to"].map { guestPath($0, "'to'") } ?? "/casa/install"
    guard let from, let to else { return nil }
    return MachineUserInstall(from: from, to: to)
  }

  // MARK: Parts

  private mutating func require(
    _ keys: [String], of members: [String: YAMLNode], _ what: String, at location: SourceLocation
  ) {
    for key in keys where members[key] == nil { reader.report("\(what) lacks '\(key)'", at: location) }
  }

  /// A path of the definition's directory, but not that itself, which holds the definition.
  mutating func inside(_ node: YAMLNode, _ what: String) -> Located<String>? {
    guard let text = reader.word(node, what) else { return nil }
    let path = FilePath(text.value)
    let normalized = path.normalized
    if path.isAbsolute || normalized == "." || normalized.components.first == Array("..".utf8) {
      reader.report(
        "\(what) '\(text.value)' must be a path inside of the definition's directory", at: text.location,
        help: "a link in that directory may lead elsewhere")
      return nil
    }
    return Located(normalized.text ?? text.value, at: text.location)
  }

  private mutating func guestPath(_ node: YAMLNode, _ what: String) -> String? {
    guard let text = reader.word(node, what) else { return nil }
    let components = text.value.split(separator: "/")
    if text.value.first == "/", !components.contains(".."), !text.value.utf8.contains(where: { $0 < 0x20 }) {
      return text.value
    }
    reader.report("\(what) '\(text.value)' must be an absolute path without '..'", at: text.location)
    return nil
  }

  private mutating func mode(_ node: YAMLNode) -> UInt16? {
    guard let text = reader.word(node, "'mode'") else { return nil }
    if (3...4).contains(text.value.utf8.count), let mode = UInt16(text.value, radix: 8) { return mode }
    reader.report("'\(text.value)' is not a mode", at: text.location, help: "write octal digits such as \"0755\"")
    return nil
  }

  private static func isOwner(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count <= 2
      && parts.allSatisfy { part in
        !part.isEmpty && part.first != "-"
          && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
      }
  }
}
