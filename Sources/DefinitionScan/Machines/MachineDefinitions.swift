internal import HostSystem
internal import ImageModel
internal import YAMLText

/// The VM images of all definitions, with their names looked up.
struct MachineDefinitions {
  private struct Loaded {
    var recipe: MachineRecipe
    /// With their places, in the order of `recipe.aliases`.
    var aliases: [Located<ImageReference>]
    var uses: [Located<ArtifactID>]
    var dependencies: [Located<String>]
    var source: SourceText
  }

  /// Sorted by id.
  private(set) var recipes: [MachineRecipe] = []
  private(set) var declarations: [StepDeclaration] = []
  private(set) var contested: [DefinitionTree.ContestedAlias] = []
  private(set) var diagnostics: [Diagnostic] = []

  /// - Parameter images: the docker images of the tree.
  init(
    _ winners: [(finding: OverlayWalk.Finding, definition: DefinitionSource)], settings: Settings,
    resolution: DependencyResolution, images: [ImageRecipe]
  ) {
    var loaded: [Loaded] = []
    for (finding, definition) in winners {
      loaded += load(finding, definition, settings, resolution)
    }
    loaded = settle(loaded)
    let images = images.map { ($0.id, $0.aliases) }
    var names = Names(images + loaded.map { ($0.recipe.id, $0.recipe.aliases) })
    // Who replaces a builtin image that a builtin VM image is made from has no use for that one, and no fault.
    while let lost = loaded.firstIndex(where: { machine in
      machine.recipe.definition.origin == .builtin && machine.uses.contains { names[$0.value] == nil }
    }) {
      loaded.remove(at: lost)
      names = Names(images + loaded.map { ($0.recipe.id, $0.recipe.aliases) })
    }
    for var machine in loaded.sorted(by: { $0.recipe.id < $1.recipe.id }) {
      look(up: &machine, in: names)
      recipes.append(machine.recipe)
      let known = machine.recipe.upstreams.filter { names[$0] != nil }
      declarations.append(StepDeclaration(machine.recipe, needs: known, dependencies: machine.dependencies))
    }
  }

  private mutating func load(
    _ finding: OverlayWalk.Finding, _ definition: DefinitionSource, _ settings: Settings,
    _ resolution: DependencyResolution
  ) -> [Loaded] {
    var directory = DefinitionDirectory(files: resolution.files, path: finding.directory)
    defer { diagnostics += directory.diagnostics }
    guard let bytes = directory.read(MachineDefinition.name) else { return [] }
    let file = finding.directory / FilePath(MachineDefinition.name)
    let (content, faults) = MachineDefinitionReader.read(
      bytes, file: file, directory: finding.directory, settings: settings)
    diagnostics += faults
    var reader = StrictReader(source: SourceText(bytes, file: file))
    defer { diagnostics += reader.diagnostics }
    let dependencies = resolution.resolve(content.dependencies, of: finding.path, &reader)
    return content.images.compactMap { source in
      var expansion = TemplateExpansion(parameters: ["casa_version": settings.casaVersion])
      let image = DefinitionFile.ImageSource(location: source.location, name: source.name, tags: source.tags)
      guard let names = ImageNames(image, namespace: settings.namespace, &expansion, &reader),
        let base = source.base
      else { return nil }
      var recipe = MachineRecipe(
        id: ArtifactID(kind: .vbox, name: names.name, tag: names.main), definition: definition,
        location: source.name.location, reference: names.reference, base: base, steps: source.steps,
        hardware: source.hardware, formats: source.formats)
      recipe.aliases = names.aliases.map(\.value)
      recipe.visibility = source.visibility
      recipe.maxAge = source.maxAge
      recipe.places = source.places
      return Loaded(
        recipe: recipe, aliases: names.aliases, uses: source.uses, dependencies: dependencies, source: reader.source)
    }
  }

  // MARK: Names

  /// Without those whose id or file an earlier one has, aliases left to the last that declares them.
  private mutating func settle(_ machines: [Loaded]) -> [Loaded] {
    var first: [String: Loaded] = [:]
    var kept = machines.filter { machine in
      let file = machine.recipe.fileName(machine.recipe.formats[0])
      let stem = String(file.dropLast(machine.recipe.formats[0].rawValue.count + 1))
      guard let other = first[stem] else {
        first[stem] = machine
        return true
      }
      let (id, place) = (machine.recipe.id, other.recipe.location)
      let message =
        id == other.recipe.id
        ? "\(id) is declared twice, first at \(place)"
        : "\(id) and \(other.recipe.id), at \(place), would both be written to files called '\(stem)'"
      report(.error, message, machine, machine.recipe.location)
      return false
    }
    let mains = Dictionary(kept.map { ($0.recipe.reference, $0.recipe.id) }) { first, _ in first }
    var claims: [ImageReference: [Int]] = [:]
    for (index, machine) in kept.enumerated() {
      for alias in machine.recipe.aliases { claims[alias, default: []].append(index) }
    }
    for (alias, claimants) in claims.sorted(by: { $0.key.description < $1.key.description }) {
      guard let last = claimants.last, claimants.count > 1 || mains[alias] != nil else { continue }
      let owner = mains[alias] ?? kept[last].recipe.id
      contested.append(
        DefinitionTree.ContestedAlias(
          reference: alias, claimants: claimants.map { kept[$0].recipe.id } + (mains[alias].map { [$0] } ?? [])))
      for index in claimants where kept[index].recipe.id != owner {
        let place = kept[index].aliases.first { $0.value == alias }?.location ?? kept[index].recipe.location
        report(
          .warning, "the alias \(alias) is declared by \(owner) as well, which gets it", kept[index], place,
          help: "remove it from one of them", rule: .contestedAlias)
        kept[index].recipe.aliases.removeAll { $0 == alias }
      }
    }
    return kept
  }

  /// Who is meant by an artifact's id with an alias for a tag.
  private struct Names {
    private var meant: [ArtifactID: ArtifactID] = [:]

    init(_ artifacts: [(id: ArtifactID, aliases: [ImageReference])]) {
      for (id, aliases) in artifacts {
        for alias in aliases {
          if let tag = alias.tag { meant[ArtifactID(kind: id.kind, name: id.name, tag: tag)] = id }
        }
      }
      for (id, _) in artifacts { meant[id] = id }
    }

    subscript(written: ArtifactID) -> ArtifactID? { meant[written] }

    func nearest(_ written: ArtifactID) -> String? {
      let known = meant.keys.filter { $0.kind == written.kind }.map(\.description).sorted()
      return NearestSpelling.of(written.description, among: known)
    }
  }

  /// Says in the recipe who is meant by what is written there; what nobody makes is told, and left as it is.
  private mutating func look(up machine: inout Loaded, in names: Names) {
    for use in Set(machine.uses) where names[use.value] == nil {
      report(
        .error, "no definition makes \(use.value)", machine, use.location,
        help: names.nearest(use.value).map { "did you mean '\($0)'?" }
          ?? "only images of the tree can be used; `coppice list 'docker/*' 'vbox/*'` shows them")
    }
    if case .machine(let id) = machine.recipe.base, let meant = names[id] { machine.recipe.base = .machine(meant) }
    for index in machine.recipe.steps.indices {
      guard case .rootfs(var rootfs) = machine.recipe.steps[index].action, let meant = names[rootfs.image] else {
        continue
      }
      rootfs.image = meant
      machine.recipe.steps[index].action = .rootfs(rootfs)
    }
  }

  private mutating func report(
    _ severity: Diagnostic.Severity, _ message: String, _ machine: Loaded, _ location: SourceLocation,
    help: String? = nil, rule: LintRule? = nil
  ) {
    diagnostics.append(
      machine.source.diagnostic(
        severity, message, line: location.line, column: location.column, help: help, rule: rule))
  }
}

extension StepDeclaration {
  fileprivate init(_ machine: MachineRecipe, needs: [ArtifactID], dependencies: [Located<String>]) {
    self.init(
      id: machine.id, location: machine.location, definitionPath: machine.definition.path,
      names: Self.names(of: machine.id, [machine.reference] + machine.aliases),
      needs: needs, dependencies: dependencies)
    saysAllItUses = true
  }
}
