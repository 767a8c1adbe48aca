internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

/// Finds the digests of bases that steps need and nobody pinned yet.
struct BasePinning {
  let builder: Builder

  /// - Returns: why a base could not be pinned; steps that need it fail.
  /// - Throws: `InvalidInput` where asking is forbidden; `CancellationError`, with what is known by then pinned.
  func pin(_ plan: BuildPlan, _ ledger: inout Ledger) async throws -> [Lockfile.BaseKey: Failure] {
    let wanted = unpinned(plan, ledger)
    if builder.options.isLocked, !wanted.isEmpty { throw Self.refusal(wanted) }
    var failures: [Lockfile.BaseKey: Failure] = [:]
    let resolver = builder.resolver
    let questions = BaseQuestions(builder.evaluator.recipes, in: builder.evaluator.graph)
    try await withThrowingTaskGroup(of: (Lockfile.BaseKey, Result<ResolvedBase, Failure>).self) { group in
      for (key, uses) in wanted {
        guard let reference = uses.first?.reference else { continue }
        group.addTask {
          do {
            return (key, .success(try await resolver.resolve(reference, platform: key.platform, pinned: nil)))
          } catch {
            // Who is interrupted has learned nothing of the base.
            try Task.checkCancellation()
            return (key, .failure(error as? Failure ?? Failure("\(error)")))
          }
        }
      }
      for try await (key, result) in group {
        switch result {
        case .success(let base): ledger[pin: key] = questions.pin(base, of: key)
        // A syntax image concerns BuildKit alone; without a registry the engine's own front end builds.
        case .failure where wanted[key]?.contains { $0.role != .syntax } == false: break
        case .failure(let failure): failures[key] = failure
        }
      }
    }
    return failures
  }

  /// What steps that may run use without a pin, and every place where they do.
  private func unpinned(_ plan: BuildPlan, _ ledger: Ledger) -> [Lockfile.BaseKey: [ImageUse]] {
    var wanted: [Lockfile.BaseKey: [ImageUse]] = [:]
    for step in plan.stale where !step.isRestorable {
      guard case .image(let image)? = builder.evaluator.recipes[step.id] else { continue }
      for use in builder.evaluator.graph[step.id]?.bases ?? [] where use.reference.digest == nil {
        let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.platform)
        if ledger[pin: key] == nil { wanted[key, default: []].append(use) }
      }
    }
    return wanted
  }

  private static func refusal(_ wanted: [Lockfile.BaseKey: [ImageUse]]) -> InvalidInput {
    let diagnostics = wanted.values.joined().map { use in
      Diagnostic(
        .error, "the base \(use.reference) has no pin in the lockfile, and --locked forbids asking for one",
        at: use.location, help: "run `coppice update '\(use.reference)'` and commit coppice.lock")
    }
    // One Dockerfile may make several images.
    return InvalidInput(Set(diagnostics).sorted())
  }
}
