internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

/// Finds the digests of bases that steps need and nobody pinned yet.
struct BasePinning {
  let builder: Builder

  /// - Returns: why a base could not be pinned; steps that need it fail.
  func pin(_ plan: BuildPlan, _ ledger: inout Ledger) async throws -> [Lockfile.BaseKey: Failure] {
    var wanted: [Lockfile.BaseKey: ImageUse] = [:]
    for step in plan.stale where !step.isRestorable {
      guard case .image(let image)? = builder.evaluator.recipes[step.id] else { continue }
      for use in builder.evaluator.graph[step.id]?.bases ?? [] where use.reference.digest == nil {
        let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.platform)
        if ledger[pin: key] == nil { wanted[key] = use }
      }
    }
    guard !wanted.isEmpty else { return [:] }
    if builder.options.isLocked {
      throw InvalidInput(
        wanted.values.map {
          Diagnostic(
            .error, "the base \($0.reference) has no pin in the lockfile, and --locked forbids asking for one",
            at: $0.location, help: "run `coppice update '\($0.reference)'` and commit coppice.lock")
        }.sorted())
    }
    var failures: [Lockfile.BaseKey: Failure] = [:]
    let resolver = builder.resolver
    await withTaskGroup(of: (Lockfile.BaseKey, Result<PinnedBase, Failure>).self) { group in
      for (key, use) in wanted {
        group.addTask {
          do {
            return (key, .success(try await resolver.resolve(use.reference, platform: key.platform, pinned: nil)))
          } catch {
            return (key, .failure(error as? Failure ?? Failure("\(error)")))
          }
        }
      }
      for await (key, result) in group {
        switch result {
        case .success(let pin): ledger[pin: key] = pin
        // A syntax image concerns BuildKit alone; without a registry the engine's own front end builds.
        case .failure where wanted[key]?.role == .syntax: break
        case .failure(let failure): failures[key] = failure
        }
      }
    }
    return failures
  }
}
