internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel
internal import ImageTools

extension Workspace {
  /// All SIF files of the tree.
  var conversions: Set<ArtifactID> { Set(graph.order.filter { $0.kind == .sif }) }

  /// Removes the SIF files in the directory of images that coppice wrote there, and warns of what stays although nobody makes it.
  /// - Parameter current: what is to stay.
  /// - Returns: what was removed, or would be.
  func removeSIFs(except current: Set<ArtifactID>, isDryRun: Bool) throws -> [FilePath] {
    let found = try RetiredSIFs(in: settings.images, except: current, files: files)
    func warn(_ path: FilePath, _ why: String) {
      invocation.show([Diagnostic(.warning, "\(invocation.diagnostics.shown(path)) stays: \(why)")])
    }
    for path in found.foreign { warn(path, "it is not what coppice wrote there") }
    // Elsewhere other repositories may have theirs.
    guard settings.images.isBelow(repository) else {
      for retired in found.retired { warn(retired.file, "it lies outside of the repository") }
      return []
    }
    if !isDryRun { try found.remove() }
    return found.retired.map(\.file)
  }
}
