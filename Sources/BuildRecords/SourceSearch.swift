internal import DockerfileText
internal import HostSystem
internal import ImageModel

/// Looks the sources of a recipe up among the files that its build will see.
struct SourceSearch {
  private let files: any FileSystem
  private let recipe: ImageRecipe
  private let snapshot: ContextSnapshot
  private let filter: ContextFilter
  private let links: LeadingLinks

  init(files: any FileSystem, recipe: ImageRecipe, snapshot: ContextSnapshot) throws {
    (self.files, self.recipe, self.snapshot) = (files, recipe, snapshot)
    filter = ContextFilter(ignore: recipe.ignore, reach: .whole(reason: "asked of single paths"))
    let root = recipe.definition.directory
    links = LeadingLinks(files: files, root: root, realRoot: try files.resolved(root))
  }

  func missing() -> [MissingSource] {
    guard case .selected(let selectors) = recipe.dockerfile.reach else { return [] }
    return selectors.compactMap { selector in
      var links = links
      let meant = links.follow([selector]).map(Meaning.init)
      if meant.contains(where: { isFound($0, links) }) { return nil }
      for meaning in meant {
        guard let path = firstOnDisk(meaning, FilePath(bytes: [])) else { continue }
        return cause(of: path).map { MissingSource(selector: selector, cause: $0) }
      }
      return MissingSource(selector: selector, cause: .absent)
    }
  }

  /// A selector, and the filter that passes exactly what it selects.
  private struct Meaning {
    let selector: ContextSelector
    let filter: ContextFilter

    init(_ selector: ContextSelector) {
      self.selector = selector
      filter = ContextFilter(ignore: IgnoreFile(), reach: .selected([selector]))
    }

    func selects(_ path: [UInt8]) -> Bool { filter.verdict(forFile: path) }
    func mayFind(below path: [UInt8]) -> Bool { filter.verdict(forDirectory: path) == .descend }
  }

  private func isFound(_ meaning: Meaning, _ links: LeadingLinks) -> Bool {
    if meaning.selector.pattern == "." { return true }
    return snapshot.files.contains { file in
      if meaning.selects(file.path) { return true }
      // Where a wildcard matches a link, what lies behind it is left open.
      return file.isLink && !links.paths.contains(file.path) && meaning.mayFind(below: file.path)
    }
      || recipe.generated.keys.contains { meaning.selects($0.bytes) }
  }

  /// The first path of the directory that it selects, whatever the ignore file says.
  private func firstOnDisk(_ meaning: Meaning, _ directory: FilePath) -> [UInt8]? {
    let root = recipe.definition.directory
    guard let entries = try? files.entries(of: directory.isEmpty ? root : root / directory) else { return nil }
    for entry in entries {
      let path = directory.isEmpty ? entry.name : directory / entry.name
      if meaning.selects(path.bytes) { return path.bytes }
      guard meaning.mayFind(below: path.bytes) else { continue }
      if entry.status.kind == .directory, let found = firstOnDisk(meaning, path) { return found }
    }
    return nil
  }

  /// Nil for what is left out for another reason, of which the snapshot tells, such as a socket.
  private func cause(of path: [UInt8]) -> MissingSource.Cause? {
    if let rule = filter.ignoreRule(deciding: path), !rule.isException { return .ignored(path: path, rule: rule) }
    return ContextReader.leavesOut(FilePath(bytes: path)) ? .definition(path: path) : nil
  }
}
