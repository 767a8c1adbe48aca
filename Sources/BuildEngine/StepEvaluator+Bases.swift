internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

extension StepEvaluator {
  /// The recipe as its files are chosen: with what the pins say of the images that it, or what it is built from, begins
  /// with.
  /// - Parameter record: what was only assumed to be built was assumed of unknown bases, whose first pins are no change.
  func recipe(of id: ArtifactID, record: BuildRecord?, pins: [Lockfile.BaseKey: PinnedBase]) -> Recipe? {
    // Of most images nobody outside has a say: their recipes are as they are.
    guard let recipe = recipes[id], !pins.isEmpty, case .image(let image) = recipe,
      !image.bases.isEmpty || graph[id]?.bases.isEmpty == false
    else { return recipes[id] }
    var bases: [String: BaseConfig] = [:]
    for use in image.dockerfile.uses where use.role == .from {
      let reference = use.reference.canonical
      let isOutside = isBase(reference, of: id)
      guard isOutside || image.bases[reference] != nil else { continue }
      var base = image.bases[reference] ?? BaseConfig(environment: ImageEnvironment(root: .image(reference)))
      guard case .image(let root) = base.environment.root,
        let pin = pins[Lockfile.BaseKey(reference: root, platform: image.platform)]
      else { continue }
      if isOutside {
        if let record, record.output.isAssumed, record.bases[reference] == nil { continue }
        base.triggers = pin.onBuild
      }
      base.environment.answers = pin.environment
      let isAsked = image.dockerfile.askedVariables[reference] != nil && !pin.environment.isEmpty
      if isAsked || isOutside && !pin.onBuild.isEmpty { bases[reference] = base }
    }
    return bases.isEmpty ? recipe : .image(BaseReading.recipe(image, with: bases))
  }

  /// A pin may be left from a time when no definition made the image.
  private func isBase(_ reference: String, of id: ArtifactID) -> Bool {
    graph[id]?.bases.contains { $0.reference.canonical == reference } ?? false
  }
}
