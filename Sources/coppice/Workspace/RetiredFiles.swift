internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel
internal import ImageTools

extension Workspace {
  /// The names of all SIF files and VM images of the tree.
  var imageNames: Set<String> {
    var names: Set<String> = []
    for recipe in recipes.values {
      switch recipe {
      case .conversion(let conversion): names.insert(conversion.fileName)
      case .machine(let machine): names.formUnion(machine.formats.map(machine.fileName))
      case .image, .generator: break
      }
    }
    return names
  }

  /// Removes the files in the directory of images that coppice wrote there, and warns of what stays although nobody makes it.
  /// - Parameter current: what is to stay.
  /// - Returns: what was removed, or would be.
  func removeImages(except current: Set<String>, isDryRun: Bool) throws -> [FilePath] {
    let found = try RetiredImages(in: settings.images, except: current, files: files)
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
