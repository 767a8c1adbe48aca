import BuildEngine
import ContentStore
import HostSystem
import ImageModel

/// Brings every image that a Dockerfile uses into the engine, exactly as it is recorded or pinned.
struct BaseImages: Sendable {
  let store: ImageLayout
  let engine: any ContainerEngine
  /// For temporary files.
  let directory: FilePath
  let log: @Sendable (String) -> Void

  /// The exact name for each canonical reference.
  func names(for job: StepJob, _ recipe: ImageRecipe) async throws -> [String: String] {
    var names: [String: String] = [:]
    for use in recipe.dockerfile.uses where names[use.reference.canonical] == nil {
      let key = use.reference.canonical
      let pin = use.reference.digest.map { PinnedBase(digest: $0) } ?? job.bases[key]
      if let step = job.images[key] {
        guard let output = job.upstreams[step] else { throw StepFailure("\(step) was not built before \(recipe.id)") }
        names[key] = try await name(ofUpstream: output.digest)
      } else if use.role == .syntax {
        // The daemon fetches it itself; the other engines do not look at it.
        if let pin, !pin.isLocal { names[key] = Self.pinned(use.reference, pin.digest).canonical }
      } else if let pin {
        names[key] = try await name(ofBase: use, pin, recipe)
      } else {
        throw StepFailure(
          "the base \(use.reference) has no pin", at: use.location, help: "run `coppice update`")
      }
    }
    return names
  }

  private func name(ofUpstream config: Digest) async throws -> String {
    if let image = try await engine.image(config: config) {
      return try await engine.exactName(of: image, digest: config)
    }
    log("coppice: giving \(config.short) back to \(engine.name)")
    let name = try ExactName.reference(config)
    let image = try await engine.load(config: config, directory: directory) { [store] writer in
      try store.exportArchive(config: config, names: [name], to: writer)
    }
    return try await engine.exactName(of: image, digest: config)
  }

  private func name(ofBase use: ImageUse, _ pin: PinnedBase, _ recipe: ImageRecipe) async throws -> String {
    if pin.isLocal {
      guard let image = try await engine.image(config: pin.digest) else {
        throw StepFailure(
          "the base \(use.reference) was pinned to the image \(pin.digest.short), which only an engine"
            + " had, and \(engine.name) does not have it", at: use.location,
          help: "run `coppice update '\(use.reference)'` to pin what there is now")
      }
      return try await self.name(of: image, use, pin, recipe)
    }
    let reference = Self.pinned(use.reference, pin.digest)
    if let image = try await engine.image(named: reference.canonical) {
      return try await self.name(of: image, use, pin, recipe)
    }
    log("coppice: fetching \(reference)")
    do {
      let platform = recipe.platform == .host ? nil : recipe.platform
      let image = try await engine.pull(reference, platform: platform, log: log)
      return try await self.name(of: image, use, pin, recipe)
    } catch let failure as Failure {
      throw StepFailure(
        "the base \(use.reference) cannot be fetched: \(failure.message)", at: use.location)
    }
  }

  private func name(
    of image: EngineImage, _ use: ImageUse, _ pin: PinnedBase, _ recipe: ImageRecipe
  ) async throws -> String {
    // References with the same key are looked at once, whatever they are used for.
    let key = use.reference.canonical
    if let from = recipe.dockerfile.uses.first(where: { $0.role == .from && $0.reference.canonical == key }) {
      try OnBuildCheck(recipe.dockerfile.reach).check(try await engine.onBuild(of: image), of: from)
    }
    return try await engine.exactName(of: image, digest: pin.digest)
  }

  private static func pinned(_ reference: ImageReference, _ digest: Digest) -> ImageReference {
    ImageReference(
      registry: reference.effectiveRegistry, repository: reference.effectiveRepository, digest: digest)
  }
}
