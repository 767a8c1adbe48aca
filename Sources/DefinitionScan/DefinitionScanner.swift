package import HostSystem
package import ImageModel

/// Reads all definitions of the search directories, and tells everything that is wrong with them in one run.
package struct DefinitionScanner {
  private let files: any FileSystem

  package init(files: any FileSystem) { self.files = files }

  /// - Parameter platform: what images are built for whose definition does not say.
  package func scan(_ path: SearchPath, settings: Settings, platform: Platform) -> DefinitionTree {
    var walk = OverlayWalk(files: files)
    for root in path.roots { walk.walk(root) }
    var tree = DefinitionTree()
    let winners = overlay(walk.findings, &tree)
    tree.definitions = winners.map(\.definition)
    let resolution = DependencyResolution(
      files: files, roots: path.roots, directories: walk.directories, populated: populated(winners.map(\.finding.path)))

    var images: [LoadedImage] = []
    var diagnostics = walk.diagnostics + tree.diagnostics
    for loader in loaders(winners, settings, platform, resolution) {
      images += loader.images
      // A generator is nothing without an image that it is for.
      if !loader.images.isEmpty { tree.recipes += loader.generators.map(Recipe.generator) }
      diagnostics += loader.diagnostics
    }
    var conflicts = NameConflicts()
    images = conflicts.settle(images)
    tree.contestedAliases = conflicts.contested
    for image in images { tree.entries[image.recipe.id] = image.entry }
    tree.declarations = tree.recipes.map { StepDeclaration(generator: $0) } + images.map(StepDeclaration.init)
    tree.declarations.sort { $0.id < $1.id }
    tree.recipes += images.map { .image($0.recipe) }
    tree.recipes.sort { $0.id < $1.id }
    // A Dockerfile that four images share tells its faults four times.
    tree.diagnostics = Set(diagnostics + conflicts.diagnostics).sorted()
    return tree
  }

  /// Every definition read, on all cores.
  private func loaders(
    _ winners: [(finding: OverlayWalk.Finding, definition: DefinitionSource)], _ settings: Settings,
    _ platform: Platform, _ resolution: DependencyResolution
  ) -> [DefinitionLoader] {
    let loaded = Locked([DefinitionLoader?](repeating: nil, count: winners.count))
    let files = files
    concurrently(winners.count) { index in
      var loader = DefinitionLoader(
        winners[index].finding, winners[index].definition, files: files, settings: settings, platform: platform,
        resolution: resolution)
      loader.load()
      loaded.withLock { [loader] in $0[index] = loader }
    }
    return loaded.withLock { $0 }.compactMap(\.self)
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

  /// The directories with a definition at or below them.
  private func populated(_ paths: [FilePath]) -> Set<FilePath> {
    var result: Set<FilePath> = []
    for path in paths {
      var current = path
      while !current.isEmpty, result.insert(current).inserted { current = current.parent }
      result.insert(".")
    }
    return result
  }
}

extension StepDeclaration {
  fileprivate init(generator recipe: Recipe) {
    self.init(id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path)
  }

  fileprivate init(_ image: LoadedImage) {
    let recipe = image.recipe
    var names: [ImageReference] = []
    var short = try? ImageReference(recipe.id.name)
    for full in [recipe.reference] + recipe.aliases {
      names.append(full)
      short?.tag = full.tag
      if let short { names.append(short) }
    }
    self.init(
      id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path, names: names,
      uses: recipe.dockerfile.uses, needs: image.outputs.always, dependencies: image.dependencies)
    needsOfTriggers = image.outputs.byTriggers
    hasTriggers = recipe.dockerfile.triggers?.isEmpty != true
  }
}
