internal import DockerfileText
internal import HostSystem
internal import ImageModel
internal import YAMLText

/// Makes the artifacts of one definition.
struct DefinitionLoader {
  private let settings: Settings
  private let platform: Platform
  private let resolution: DependencyResolution
  private let finding: OverlayWalk.Finding
  private let definition: DefinitionSource
  private let file: FilePath
  private var directory: DefinitionDirectory
  /// The same text with the same arguments is read once.
  private var dockerfiles: [DockerfileKey: DockerfileFacts] = [:]
  private var loaded = LoadedDefinition()

  private struct DockerfileKey: Hashable {
    var text: [UInt8]
    /// As bytes: letters that look the same are others.
    var arguments: [String: [UInt8]]
    var target: String?
    /// Where the definition names it: a fault is told there.
    var targetPlace: SourceLocation?
    var platform: Platform
  }

  private init(_ finding: OverlayWalk.Finding, _ definition: DefinitionSource, _ surroundings: Surroundings) {
    self.finding = finding
    self.definition = definition
    settings = surroundings.settings
    platform = surroundings.platform
    resolution = surroundings.resolution
    file = finding.directory / FilePath(DefinitionFile.name)
    directory = DefinitionDirectory(files: surroundings.resolution.files, path: finding.directory)
  }

  /// What definitions depend on beside their own files.
  struct Surroundings: Sendable {
    var settings: Settings
    /// What images are built for whose definition does not say.
    var platform: Platform
    var resolution: DependencyResolution
  }

  static func load(
    _ finding: OverlayWalk.Finding, _ definition: DefinitionSource, in surroundings: Surroundings
  ) -> LoadedDefinition {
    var loader = DefinitionLoader(finding, definition, surroundings)
    loader.load()
    loader.loaded.diagnostics += loader.directory.diagnostics
    return loader.loaded
  }

  private mutating func load() {
    guard let bytes = directory.read(DefinitionFile.name) else { return }
    let (content, faults) = DefinitionFileReader.read(
      bytes, file: file, directory: finding.directory, settings: settings)
    loaded.diagnostics += faults
    var reader = StrictReader(source: SourceText(bytes, file: file))
    defer { loaded.diagnostics += reader.diagnostics }
    let dependencies = resolution.resolve(content.dependencies, of: finding.path, &reader)
    let templates = directory.templates()
    guard directory.has("Dockerfile") || templates.contains(where: { $0.name == "Dockerfile" }) else {
      // What is wrong in the file itself is told first: the author may not even want an image yet.
      loaded.diagnostics.append(
        Diagnostic(
          .warning, "no Dockerfile beside this definition, so it makes no image",
          at: SourceLocation(file: file, line: 1, column: 1), sourceLine: reader.source.line(1),
          help: "write one, or remove the definition", rule: .missingDockerfile))
      return
    }
    loaded.generators = GeneratorChecks(definition: definition, directory: directory, templates: templates.map(\.name))
      .recipes(of: content.generators, &reader)
    for source in content.images {
      image(source, bytes, dependencies, templates, &reader)
    }
    if loaded.images.isEmpty, !templates.contains(where: { $0.name == "Dockerfile" }) { checkDockerfileAlone() }
  }

  /// A Dockerfile is read even when no image source is right, so that its faults come in the same run. What only the
  /// missing arguments could make a fault is left out.
  private mutating func checkDockerfileAlone() {
    guard dockerfiles.isEmpty, let text = directory.read("Dockerfile") else { return }
    let facts = DockerfileReader.read(
      text, file: finding.directory / "Dockerfile", buildArguments: [:], target: nil, platform: platform)
    loaded.diagnostics += facts.diagnostics.filter { $0.severity == .error && !$0.message.contains("no value") }
  }

  private mutating func image(
    _ source: DefinitionFile.ImageSource, _ text: [UInt8], _ dependencies: [Located<String>],
    _ templates: [(name: String, template: TemplateFile)], _ reader: inout StrictReader
  ) {
    var parameters = source.parameters
    if parameters["casa_version"] == nil { parameters["casa_version"] = settings.casaVersion }
    var expansion = TemplateExpansion(parameters: parameters)
    let names = ImageNames(source, namespace: settings.namespace, &expansion, &reader)
    let label = names.map { "\($0.name):\($0.main)" } ?? source.name.value
    var rendered: [FilePath: [UInt8]] = [:]
    var sources: [FilePath: TemplateSource] = [:]
    var isDockerfileWhole = true
    for (name, template) in templates {
      let (bytes, faults) = expansion.expand(template.bytes)
      rendered[FilePath(name)] = bytes
      sources[FilePath(name)] = TemplateSource(file: template.file, text: template.bytes, parameters: expansion.used)
      if name == "Dockerfile", !faults.isEmpty { isDockerfileWhole = false }
      loaded.diagnostics += faults.map { template.diagnostic($0, "\($0.message) (for \(label))") }
    }
    for fault in expansion.parameterFaults {
      reader.report("\(fault.message), in a parameter of \(label)", at: fault.location, help: fault.help)
    }
    if rendered["Dockerfile"] != nil, !expansion.parameterFaults.isEmpty { isDockerfileWhole = false }
    guard let names, let dockerfile = rendered["Dockerfile"] ?? directory.read("Dockerfile") else { return }
    let target = source.platform ?? platform
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: names.name, tag: names.main), definition: definition,
      location: source.name.location, reference: names.reference,
      dockerfile: facts(
        DockerfileKey(
          text: dockerfile, arguments: source.buildArguments.mapValues { Array($0.value.utf8) }, target: source.target,
          targetPlace: source.places[.recipe]?["target"], platform: target
        ),
        isTemplate: rendered["Dockerfile"] != nil, isWhole: isDockerfileWhole), platform: target)
    recipe.aliases = names.aliases.map(\.value)
    recipe.visibility = source.visibility
    recipe.ignore = ignoreFile(rendered)
    recipe.renderedFiles = rendered
    recipe.templates = sources
    for generator in loaded.generators { recipe.generated[FilePath(generator.output)] = generator.id }
    recipe.buildArguments = source.buildArguments.mapValues(\.value)
    recipe.secrets = source.secrets
    recipe.target = source.target
    recipe.singularity = source.singularity
    recipe.test = source.test
    recipe.maxAge = source.maxAge
    recipe.isReproducible = source.isReproducible
    recipe.places = source.places
    let (places, used) = (source.parameters.mapValues(\.location), expansion.usedNames)
    let entry = ImageEntry(
      buildArguments: source.buildArguments.mapValues(\.location),
      usedParameters: places.filter { used.contains($0.key) },
      unusedParameters: places.filter { !used.contains($0.key) })
    loaded.images.append(
      LoadedImage(
        recipe: recipe, aliases: names.aliases, dependencies: dependencies,
        outputs: ReachedOutputs(of: recipe, files: directory.files), entry: entry, definition: text))
  }

  /// Notes stay with the facts: what they say may turn out otherwise when the images that `FROM` names are known.
  /// - Parameter isWhole: whether its template had no fault: else what follows from the hole is not worth a word.
  private mutating func facts(_ key: DockerfileKey, isTemplate: Bool, isWhole: Bool) -> DockerfileFacts {
    if let known = dockerfiles[key] { return known }
    let facts = DockerfileReader.read(
      key.text, file: finding.directory / (isTemplate ? "Dockerfile.template" : "Dockerfile"),
      buildArguments: key.arguments.mapValues { String(decoding: $0, as: UTF8.self) }, target: key.target,
      targetPlace: key.targetPlace, platform: key.platform)
    dockerfiles[key] = facts
    if isWhole {
      loaded.diagnostics += facts.diagnostics.filter { $0.severity != .note && !loaded.diagnostics.contains($0) }
    }
    return facts
  }

  private mutating func ignoreFile(_ rendered: [FilePath: [UInt8]]) -> IgnoreFile {
    for name in ["Dockerfile.dockerignore", ".dockerignore"]
    where rendered[FilePath(name)] != nil || directory.hasText(name) {
      guard let text = rendered[FilePath(name)] ?? directory.read(name) else { continue }
      let (ignore, faults) = IgnoreReader.read(text, name: name, file: finding.directory / FilePath(name))
      loaded.diagnostics += faults
      return ignore
    }
    return IgnoreFile()
  }
}
