package import HostSystem
package import ImageModel
internal import YAMLText

/// Reads `coppice.yaml`.
package enum SettingsReader {
  private enum Engine: String, CaseIterable { case docker, podman, buildah }

  private static let keys = [
    "namespace", "engine", "store", "images", "casa_version", "jobs", "singularity", "compression", "sif_builder",
    "max_age",
    "network", "lint",
    "destinations",
  ]

  /// The settings of a repository; the defaults when it has no `coppice.yaml`.
  ///
  /// - Throws: every fault of the file.
  package static func read(repository: FilePath, files: any FileSystem) throws(InvalidInput) -> Settings {
    let file = repository / Settings.fileName
    let bytes: [UInt8]?
    do {
      bytes = try files.contentsIfPresent(of: file, limit: YAMLReader.Limits().bytes)
    } catch {
      throw InvalidInput([Diagnostic(.error, "cannot read the settings: \(error.text)", at: SourceLocation(file: file))]
      )
    }
    guard let bytes else { return Settings(repository: repository) }
    return try read(bytes, repository: repository)
  }

  package static func read(_ bytes: [UInt8], repository: FilePath) throws(InvalidInput) -> Settings {
    let file = repository / Settings.fileName
    var settings = Settings(repository: repository)
    settings.digest = .sha256(bytes)
    guard let root = try YAMLReader.read(bytes, file: file) else { return settings }
    var reader = StrictReader(source: SourceText(bytes, file: file))
    if let members = reader.members(of: root, "coppice.yaml", known: keys) {
      apply(members, to: &settings, repository, &reader)
    }
    guard reader.diagnostics.isEmpty else { throw InvalidInput(reader.diagnostics.sorted()) }
    return settings
  }

  private static func apply(
    _ members: [String: YAMLNode], to settings: inout Settings, _ repository: FilePath, _ reader: inout StrictReader
  ) {
    if let node = members["namespace"], let namespace = reader.word(node, "'namespace'") {
      if namespace.value.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(ImageReference.isComponent)
      {
        settings.namespace = namespace.value
      } else {
        reader.report(
          "'\(namespace.value)' is no namespace of images", at: namespace.location,
          help: "use lower-case letters and digits with single separators inside")
      }
    }
    if let node = members["engine"] {
      settings.engine = reader.choice(node, "'engine'", of: Engine.allCases)?.rawValue
    }
    if let node = members["store"], let store = reader.word(node, "'store'") {
      settings.store = repository.appending(FilePath(store.value)).normalized
    }
    if let node = members["images"], let images = reader.word(node, "'images'") {
      settings.images = repository.appending(FilePath(images.value)).normalized
    }
    if let node = members["singularity"] {
      settings.isConverting = reader.boolean(node, "'singularity'") ?? true
    }
    if let node = members["casa_version"], let version = reader.word(node, "'casa_version'") {
      settings.casaVersion = version
    }
    if let node = members["jobs"] { settings.jobs = reader.integer(node, "'jobs'", in: 1...(.max)) }
    if let node = members["compression"] {
      settings.compression = reader.compression(node, "'compression'", default: Singularity()) ?? Singularity()
    }
    if let node = members["sif_builder"] {
      settings.sifBuilder = reader.choice(node, "'sif_builder'", of: SIFBuilder.allCases) ?? .coppice
    }
    if let node = members["max_age"] { settings.maxAge = reader.age(node) }
    if let node = members["network"], let network = reader.word(node, "'network'") {
      // It becomes an argument of the engine.
      if network.value.hasPrefix("-") || network.value.contains(where: \.isWhitespace) {
        reader.report("'\(network.value)' is no name of a network", at: network.location)
      } else {
        settings.network = network.value
      }
    }
    if let node = members["lint"] { applyLint(node, to: &settings, &reader) }
    if let node = members["destinations"] { settings.destinations = reader.destinations(node, repository) }
  }

  private static func applyLint(_ node: YAMLNode, to settings: inout Settings, _ reader: inout StrictReader) {
    guard let members = reader.members(of: node, "'lint'", known: ["ignore", "context_limit"]) else { return }
    for element in members["ignore"].flatMap({ reader.list($0, "'ignore'") }) ?? [] {
      if let rule = reader.choice(element, "a rule of 'ignore'", of: LintRule.allCases) {
        settings.ignoredRules.insert(rule)
      }
    }
    if let node = members["context_limit"], let text = reader.text(node, "'context_limit'") {
      if let limit = ByteCount(text.value) {
        settings.contextLimit = limit
      } else {
        reader.report(
          "'\(text.value)' is not a size", at: text.location, help: "write a number and a unit, such as 100MB or 1GiB")
      }
    }
  }
}

extension StrictReader {
  /// `gzip`, `zstd` or `{compression: …, level: …}`.
  mutating func compression(_ node: YAMLNode, _ what: String, default base: Singularity) -> Singularity? {
    let choices: [Singularity.Compression] = [.gzip, .zstd]
    if node.text != nil { return choice(node, what, of: choices).map { Singularity(compression: $0) } }
    guard let members = members(of: node, what, known: ["compression", "level"]) else { return nil }
    var result = base
    if let node = members["compression"], let compression = choice(node, "'compression'", of: choices) {
      if compression != base.compression { result.level = nil }
      result.compression = compression
    }
    if let node = members["level"] {
      result.level = integer(node, "'level'", in: 1...(result.compression == .gzip ? 12 : 22))
    }
    return result
  }
}
