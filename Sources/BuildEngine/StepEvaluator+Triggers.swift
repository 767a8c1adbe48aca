internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

extension StepEvaluator {
  /// The recipe as its files are chosen: with what the `ONBUILD` instructions of its pinned bases read of the context.
  /// - Parameter record: what was only assumed to be built was assumed of unknown bases, whose first pins are no change.
  func recipe(of id: ArtifactID, record: BuildRecord?, pins: [Lockfile.BaseKey: PinnedBase]) -> Recipe? {
    guard case .image(let image)? = recipes[id] else { return recipes[id] }
    var triggers: [String: [String]] = [:]
    for use in image.dockerfile.uses where use.role == .from {
      let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.platform)
      guard let pin = pins[key], !pin.onBuild.isEmpty, isBase(key.reference, of: id) else { continue }
      if let record, record.output.isAssumed, record.bases[key.reference] == nil { continue }
      triggers[key.reference] = pin.onBuild
    }
    return triggers.isEmpty ? .image(image) : .image(BaseTriggers.widened(image, by: triggers))
  }

  /// A pin may be left from a time when no definition made the image.
  private func isBase(_ reference: String, of id: ArtifactID) -> Bool {
    graph[id]?.bases.contains { $0.reference.canonical == reference } ?? false
  }
}
