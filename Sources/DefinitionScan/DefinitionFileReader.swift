internal import ImageModel
internal import YAMLText

/// Reads one `casa_distro_docker.yaml` strictly: every fault, not the first.
struct DefinitionFileReader {
  private static let topKeys = ["dependencies", "image_sources", "generate"]
  private static let imageKeys = [
    "name", "tags", "visibility", "template_files_parameters", "build_args", "secrets", "target", "platforms",
    "singularity", "test", "max_age", "reproducible",
  ]

  /// The definition's directory, for paths of secrets.
  let directory: FilePath
  /// What holds where the definition does not say.
  let settings: Settings
  var reader: StrictReader

  /// What can be used of the file, and what is wrong with the rest.
  static func read(
    _ bytes: [UInt8], file: FilePath, directory: FilePath, settings: Settings
  ) -> (definition: DefinitionFile, diagnostics: [Diagnostic]) {
    do {
      let (strict, root) = try StrictReader.open(bytes, file: file)
      var reader = Self(directory: directory, settings: settings, reader: strict)
      let definition = reader.definition(root)
      return (definition, reader.reader.diagnostics)
    } catch {
      return (DefinitionFile(), error.diagnostics)
    }
  }

  private mutating func definition(_ root: YAMLNode) -> DefinitionFile {
    var definition = DefinitionFile()
    guard let members = reader.members(of: root, "a definition", known: Self.topKeys) else { return definition }
    if let node = members["dependencies"] { definition.dependencies = reader.dependencies(node) }
    if let node = members["image_sources"] {
      let sources = reader.list(node, "'image_sources'")
      if sources?.isEmpty == true { reader.report("'image_sources' is empty", at: node.location) }
      definition.images = (sources ?? []).compactMap { image($0) }
    } else {
      reader.report("the definition lacks 'image_sources'", at: root.location)
    }
    if let node = members["generate"] {
      definition.generators = (reader.list(node, "'generate'") ?? []).compactMap { generator($0) }
    }
    return definition
  }

  private mutating func image(_ node: YAMLNode) -> DefinitionFile.ImageSource? {
    guard let members = reader.members(of: node, "an image source", known: Self.imageKeys) else { return nil }
    let name = members["name"].flatMap { reader.word($0, "'name'") }
    if members["name"] == nil { reader.report("the image source lacks 'name'", at: node.location) }
    let tags = reader.tags(members["tags"], of: node)
    var image = DefinitionFile.ImageSource(
      location: node.location, name: name ?? Located("", at: node.location), tags: tags)
    if let node = members["visibility"] {
      image.visibility = reader.choice(node, "'visibility'", of: [.public, .private]) ?? .public
    }
    if let node = members["template_files_parameters"] {
      image.parameters = reader.textMap(node, "'template_files_parameters'") ?? [:]
    }
    if let node = members["build_args"] {
      image.buildArguments = reader.textMap(node, "'build_args'") ?? [:]
      image.places[.argument] = image.buildArguments.mapValues(\.location)
    }
    if let node = members["secrets"] { image.secrets = secrets(node) }
    if let node = members["target"] { image.target = reader.word(node, "'target'")?.value }
    if let node = members["platforms"] { image.platform = platform(node) }
    image.singularity = settings.isConverting ? settings.compression : nil
    if let node = members["singularity"] { image.singularity = singularity(node) }
    if let node = members["test"] { image.test = command(node, "'test'") }
    image.maxAge = settings.maxAge
    if let node = members["max_age"] { image.maxAge = reader.age(node) }
    if let node = members["reproducible"] { image.isReproducible = reader.boolean(node, "'reproducible'") ?? false }
    let recipe = ["target": "target", "platform": "platforms", "test": "test", "reproducible": "reproducible"]
    image.places[.recipe] = recipe.compactMapValues { members[$0]?.location }
    return name == nil || tags.isEmpty ? nil : image
  }

  private mutating func singularity(_ node: YAMLNode) -> Singularity? {
    if node.text != nil {
      if let isWanted = node.boolean { return isWanted ? settings.compression : nil }
      reader.report("'singularity' must be true, false or a mapping", at: node.location)
      return nil
    }
    return reader.compression(node, "'singularity'", default: settings.compression)
  }

  private mutating func platform(_ node: YAMLNode) -> Platform? {
    guard let platforms = reader.texts(node, "'platforms'") else { return nil }
    if platforms.isEmpty { reader.report("'platforms' is empty", at: node.location) }
    if platforms.count > 1 {
      reader.report(
        "more than one platform is not supported yet", at: platforms[1].location, help: "declare one image for each")
    }
    guard let text = platforms.first else { return nil }
    if let platform = Platform(text.value) { return platform }
    reader.report(
      "'\(text.value)' is not a platform", at: text.location, help: "write OS/ARCHITECTURE, such as linux/amd64")
    return nil
  }

  private mutating func secrets(_ node: YAMLNode) -> [BuildSecret] {
    var secrets: [BuildSecret] = []
    for element in reader.list(node, "'secrets'") ?? [] {
      guard let members = reader.members(of: element, "a secret", known: ["id", "env", "file"]) else { continue }
      guard let idNode = members["id"] else {
        reader.report("the secret lacks 'id'", at: element.location)
        continue
      }
      let environment = members["env"].flatMap { reader.word($0, "'env'") }
      let file = members["file"].flatMap { reader.word($0, "'file'") }
      guard let id = reader.word(idNode, "'id'") else { continue }
      // It becomes a part of `id=…,env=…`.
      if id.value.contains(where: { ",=\"".contains($0) || $0.isWhitespace }) {
        reader.report("'\(id.value)' cannot be the id of a secret", at: id.location)
      } else if secrets.contains(where: { $0.id == id.value }) {
        reader.report("the secret '\(id.value)' is given twice", at: id.location)
      } else if (members["env"] == nil) == (members["file"] == nil) {
        reader.report("a secret needs either 'env' or 'file'", at: element.location)
      } else if let environment {
        if environment.value.contains("=") || environment.value.contains(",") {
          reader.report("'\(environment.value)' is no name of a variable", at: environment.location)
        } else {
          secrets.append(BuildSecret(id: id.value, source: .environment(environment.value)))
        }
      } else if let file {
        let path = directory.appending(FilePath(file.value)).normalized
        secrets.append(BuildSecret(id: id.value, source: .file(path)))
      }
    }
    return secrets
  }

  private mutating func command(_ node: YAMLNode, _ what: String) -> [String]? {
    guard let words = reader.texts(node, what) else { return nil }
    guard let first = words.first, !first.value.isEmpty else {
      reader.report("\(what) names no command", at: node.location)
      return nil
    }
    return words.map(\.value)
  }

  private mutating func generator(_ node: YAMLNode) -> DefinitionFile.Generator? {
    guard let members = reader.members(of: node, "a generator", known: ["output", "command", "inputs"]) else {
      return nil
    }
    for key in ["output", "command"] where members[key] == nil {
      reader.report("the generator lacks '\(key)'", at: node.location)
    }
    let output = members["output"].flatMap { reader.word($0, "'output'") }
    let command = members["command"].flatMap { self.command($0, "'command'") }
    let inputs = members["inputs"].flatMap { reader.texts($0, "'inputs'") } ?? []
    if let command, let node = members["command"], !command.contains(where: { $0.contains("{output}") }) {
      reader.report(
        "the command does not say '{output}'", at: node.location, help: "'{output}' stands for the path to write")
    }
    guard let output, let command else { return nil }
    return DefinitionFile.Generator(location: node.location, output: output, command: command, inputs: inputs)
  }
}
