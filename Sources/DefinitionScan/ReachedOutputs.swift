internal import DockerfileText
internal import HostSystem
internal import ImageModel

/// Which of a definition's generated files the build of an image can see.
struct ReachedOutputs {
  /// Sorted.
  private(set) var always: [ArtifactID] = []
  /// Only where triggers of the image that `FROM` names fire, which may copy anything; sorted.
  private(set) var byTriggers: [ArtifactID] = []

  init(always: [ArtifactID], byTriggers: [ArtifactID]) { (self.always, self.byTriggers) = (always, byTriggers) }

  init(of recipe: ImageRecipe, files: any FileSystem) {
    if recipe.generated.isEmpty { return }
    let filter = ContextFilter(ignore: recipe.ignore, reach: recipe.dockerfile.reach)
    let everything = ContextFilter(ignore: recipe.ignore, reach: .whole(reason: "triggers may copy anything"))
    for (output, id) in recipe.generated.sorted(by: { $0.value < $1.value }) {
      guard everything.verdict(forFile: output.bytes) else { continue }
      let root = recipe.definition.directory
      if filter.verdict(forFile: output.bytes)
        || Self.mayBeBehindLink(root / output, root, [], filter, files)
      {
        always.append(id)
      } else {
        byTriggers.append(id)
      }
    }
  }

  /// Whether a link that the build may follow leads, or may lead, to a file that is yet to be made. Nothing can be
  /// resolved on a way that ends there, so every link that leads nowhere or out of the directory counts.
  private static func mayBeBehindLink(
    _ output: FilePath, _ root: FilePath, _ path: [UInt8], _ filter: ContextFilter, _ files: any FileSystem
  ) -> Bool {
    let place = path.isEmpty ? root : root / FilePath(bytes: path)
    for entry in (try? files.entries(of: place)) ?? [] {
      let child = path.isEmpty ? entry.name.bytes : path + [UInt8(ascii: "/")] + entry.name.bytes
      let verdict = filter.verdict(forDirectory: child)
      switch entry.status.kind {
      case .directory where verdict != .skip:
        if mayBeBehindLink(output, root, child, filter, files) { return true }
      case .symbolicLink where verdict != .skip || filter.verdict(forFile: child):
        guard let real = try? files.resolved(root / FilePath(bytes: child)), let top = try? files.resolved(root),
          real.isBelow(top)
        else { return true }
        if let inside = output.relative(to: root), (top / inside).isBelow(real) { return true }
      default: break
      }
    }
    return false
  }
}
