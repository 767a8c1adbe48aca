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

  /// What a build must know of the images that it uses, by canonical reference.
  struct Used: Sendable {
    var names: [String: String] = [:]
    /// The ONBUILD instructions of those that `FROM` names, where there are any.
    var triggers: [String: [String]] = [:]
  }

  func bring(for job: StepJob, _ recipe: ImageRecipe) async throws -> Used {
    var used = Used()
    // References with the same key are looked at once, whatever they are used for.
    for use in recipe.dockerfile.uses where used.names[use.reference.canonical] == nil {
      let key = use.reference.canonical
      let recorded = job.bases[key]
      let pin = use.reference.digest.map { PinnedBase(digest: $0, onBuild: recorded?.onBuild ?? []) } ?? recorded
      let image: EngineImage
      let digest: Digest
      if let step = job.images[key] {
        guard let output = job.upstreams[step] else { throw StepFailure("\(step) was not built before \(recipe.id)") }
        digest = try store.image(for: output)?.config ?? output.digest
        image = try await upstream(digest)
      } else if use.role == .syntax {
        // The daemon fetches it itself; the other engines do not look at it.
        if let pin, !pin.isLocal { used.names[key] = Self.pinned(use.reference, pin.digest).canonical }
        continue
      } else if let pin {
        (image, digest) = (try await base(use, pin, recipe), pin.digest)
      } else {
        throw StepFailure(
          "the base \(use.reference) has no pin", at: use.location, help: "run `coppice update`")
      }
      if let from = recipe.dockerfile.uses.first(where: { $0.role == .from && $0.reference.canonical == key }) {
        // What stands in the lockfile stands there for exactly this image, and its files were chosen with it.
        let known = job.images[key] == nil ? pin?.onBuild ?? [] : []
        let triggers = known.isEmpty ? try await engine.onBuild(of: image) : known
        let check = OnBuildCheck(recipe.dockerfile)
        if job.images[key] == nil, known.isEmpty {
          try check.checkReach(triggers, of: from)
          try check.checkArguments(triggers, of: from, recipe)
        }
        try check.checkImages(triggers, of: from)
        if let names = recipe.dockerfile.askedVariables[key], !check.isWhole {
          let known = recipe.bases[key]?.environment ?? ImageEnvironment(root: .image(key))
          try VariableCheck(names, known).check(try await engine.environment(of: image), of: from)
        }
        if !triggers.isEmpty { used.triggers[key] = triggers }
      }
      used.names[key] = try await engine.exactName(of: image, digest: digest)
    }
    return used
  }

  private func upstream(_ config: Digest) async throws -> EngineImage {
    if let image = try await engine.image(config: config) { return image }
    log("coppice: giving \(config.short) back to \(engine.name)")
    let name = try ExactName.reference(config)
    return try await engine.load(config: config, directory: directory) { [store] writer in
      try store.exportArchive(config: config, names: [name], to: writer)
    }
  }

  private func base(_ use: ImageUse, _ pin: PinnedBase, _ recipe: ImageRecipe) async throws -> EngineImage {
    if pin.isLocal {
      guard let image = try await engine.image(config: pin.digest) else {
        throw StepFailure(
          "the base \(use.reference) was pinned to the image \(pin.digest.short), which only an engine"
            + " had, and \(engine.name) does not have it", at: use.location,
          help: "run `coppice update '\(use.reference)'` to pin what there is now")
      }
      return image
    }
    let reference = Self.pinned(use.reference, pin.digest)
    if let image = try await engine.image(named: reference.canonical) { return image }
    log("coppice: fetching \(reference)")
    do {
      let platform = recipe.platform == .host ? nil : recipe.platform
      return try await engine.pull(reference, platform: platform, log: log)
    } catch let failure as Failure {
      throw StepFailure(
        "the base \(use.reference) cannot be fetched: \(failure.message)", at: use.location)
    }
  }

  private static func pinned(_ reference: ImageReference, _ digest: Digest) -> ImageReference {
    ImageReference(
      registry: reference.effectiveRegistry, repository: reference.effectiveRepository, digest: digest)
  }
}
