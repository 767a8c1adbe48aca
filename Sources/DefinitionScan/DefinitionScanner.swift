internal import FileTraces
package import HostSystem
package import ImageModel

/// Reads all definitions of the search directories, and tells everything that is wrong with them in one run.
package struct DefinitionScanner {
  private let files: any FileSystem

  package init(files: any FileSystem) { self.files = files }

  /// - Parameter platform: what images are built for whose definition does not say.
  package func scan(_ path: SearchPath, settings: Settings, platform: Platform) -> DefinitionTree {
    var memory = ScanMemory(program: .sha256(""), olderThan: 0)
    return scan(path, settings: settings, platform: platform, memory: &memory)
  }

  /// - Parameters:
  ///   - platform: what images are built for whose definition does not say.
  ///   - memory: what need not be read again; gets what was read.
  package func scan(
    _ path: SearchPath, settings: Settings, platform: Platform, memory: inout ScanMemory
  ) -> DefinitionTree {
    let earlier = memory.walk(of: path.roots, in: files)
    var walk = OverlayWalk(files: files, memory: earlier)
    for root in path.roots { walk.walk(root) }
    memory.keep(walk.seen, of: path.roots, after: earlier)
    var tree = DefinitionTree()
    let winners = overlay(walk.findings, &tree)
    let machineWinners = overlay(walk.machines, &tree)
    tree.definitions = (winners + machineWinners).map(\.definition).sorted { $0.path < $1.path }
    let overlay = Overlay(roots: path.roots, definitions: (winners + machineWinners).map(\.finding.path))

    var images: [LoadedImage] = []
    var diagnostics = walk.diagnostics + tree.diagnostics
    for definition in definitions(winners, settings, platform, overlay, &memory) {
      images += definition.images
      // A generator is nothing without an image that it is for.
      if !definition.images.isEmpty { tree.recipes += definition.generators.map(Recipe.generator) }
      diagnostics += definition.diagnostics
    }
    var conflicts = NameConflicts()
    images = conflicts.settle(images)
    let machines = MachineDefinitions(
      machineWinners, settings: settings, resolution: DependencyResolution(files: files, overlay: overlay),
      images: images.map(\.recipe))
    tree.contestedAliases = conflicts.contested + machines.contested
    for image in images { tree.entries[image.recipe.id] = image.entry }
    let conversions = images.compactMap { image in
      image.recipe.singularity.map { ConversionRecipe(of: image.recipe, $0) }
    }
    tree.declarations =
      tree.recipes.map { StepDeclaration(generator: $0) } + images.map(StepDeclaration.init)
      + conversions.map(StepDeclaration.init) + machines.declarations
    tree.declarations.sort { $0.id < $1.id }
    tree.recipes += images.map { .image($0.recipe) } + conversions.map(Recipe.conversion)
    tree.recipes += machines.recipes.map(Recipe.machine)
    tree.recipes.sort { $0.id < $1.id }
    // A Dockerfile that four images share tells its faults four times.
    tree.diagnostics = Set(diagnostics + conflicts.diagnostics + machines.diagnostics).sorted()
    return tree
  }

  /// Every definition, on all cores; those are read of which the memory does not know.
  private func definitions(
    _ winners: [(finding: OverlayWalk.Finding, definition: DefinitionSource)], _ settings: Settings,
    _ platform: Platform, _ overlay: Overlay, _ memory: inout ScanMemory
  ) -> [LoadedDefinition] {
    let digest = overlay.digest
    let questions = winners.map {
      memory.question(about: $0.definition, settings: settings, platform: platform, overlay: digest)
    }
    let answers = memory.traces.answers(to: questions, in: files)
    let loaded = Locked(
      [(definition: LoadedDefinition, kept: (value: [UInt8], trace: [UInt8])?)?](
        repeating: nil, count: winners.count))
    let (files, moment) = (files, memory.moment)
    let isKnown = answers.allSatisfy { if case .holds = $0 { true } else { false } }
    concurrently(winners.count, threads: isKnown ? coreCount : readingThreadCount) { index in
      if case .holds(let record) = answers[index], let definition = LoadedDefinition(encoded: record.value) {
        return loaded.withLock { $0[index] = (definition, nil) }
      }
      let tracing = TracingFileSystem(files, olderThan: moment)
      let definition = DefinitionLoader.load(
        winners[index].finding, winners[index].definition,
        in: DefinitionLoader.Surroundings(
          settings: settings, platform: platform, resolution: DependencyResolution(files: tracing, overlay: overlay)))
      let kept = tracing.trace.map { (definition.encoded, $0) }
      loaded.withLock { $0[index] = (definition, kept) }
    }
    return zip(questions, loaded.withLock { $0 }).compactMap { question, loaded in
      if let kept = loaded?.kept { memory.traces.insert(kept.value, for: question, trace: kept.trace) }
      return loaded?.definition
    }
  }

  /// For every relative path the finding of the earliest root, sorted by path.
  private func overlay(
    _ findings: [OverlayWalk.Finding], _ tree: inout DefinitionTree
  ) -> [(finding: OverlayWalk.Finding, definition: DefinitionSource)] {
    var winners: [FilePath: (finding: OverlayWalk.Finding, definition: DefinitionSource)] = [:]
    for finding in findings {
      guard let text = finding.path.text else {
        tree.diagnostics.append(
          Diagnostic(
            .error, "the path of this definition is not UTF-8", at: SourceLocation(file: finding.directory),
            help: "rename the directory"))
        continue
      }
      let definition = DefinitionSource(path: text, directory: finding.directory, origin: finding.origin)
      if let winner = winners[finding.path] {
        tree.overridden.append(DefinitionTree.Override(path: text, winner: winner.definition, loser: definition))
      } else {
        winners[finding.path] = (finding, definition)
      }
    }
    tree.overridden.sort { ($0.path, $0.loser.directory) < ($1.path, $1.loser.directory) }
    return winners.values.sorted { $0.finding.path < $1.finding.path }
  }
}

extension StepDeclaration {
  fileprivate init(generator recipe: Recipe) {
    self.init(id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path)
  }

  fileprivate init(_ conversion: ConversionRecipe) {
    self.init(
      id: conversion.id, location: conversion.location, definitionPath: conversion.definition.path,
      needs: [conversion.image])
  }

  fileprivate init(_ image: LoadedImage) {
    let recipe = image.recipe
    self.init(
      id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path,
      names: Self.names(of: recipe.id, [recipe.reference] + recipe.aliases),
      uses: recipe.dockerfile.uses, needs: image.outputs.always, dependencies: image.dependencies)
    needsOfTriggers = image.outputs.byTriggers
    hasTriggers = recipe.dockerfile.triggers?.isEmpty != true
  }

  /// Full names, and those without the namespace.
  static func names(of id: ArtifactID, _ references: [ImageReference]) -> [ImageReference] {
    let short = try? ImageReference(id.name)
    return references.flatMap { full in
      var own = short
      own?.tag = full.tag
      return [full] + (own.map { [$0] } ?? [])
    }
  }
}
