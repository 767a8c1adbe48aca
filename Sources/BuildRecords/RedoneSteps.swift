package import ImageModel

/// Which steps of a VM image run again.
package struct RedoneSteps: Hashable, Sendable, CustomStringConvertible {
  /// Counted from one; 0 where the base is made anew; one more than there are where no step runs.
  package let first: Int
  /// Whether that depends on how upstreams come out that are yet to be built.
  package let isUncertain: Bool
  /// How many steps there are.
  package let count: Int

  /// Nil where the reasons do not tell: one that was never built, or whose output is lost.
  package init?(of recipe: MachineRecipe, after reasons: [StaleReason]) {
    var (first, ofUpstreams) = (Int.max, Int.max)
    for reason in reasons {
      switch reason {
      case .inputsChanged(let changes):
        for change in changes { first = min(first, recipe.firstStep(after: change) ?? .max) }
      case .upstreamChanged(let id, _, _): first = min(first, recipe.firstStep(afterOutputOf: id))
      case .upstreamWillRebuild(let id): ofUpstreams = min(ofUpstreams, recipe.firstStep(afterOutputOf: id))
      case .baseMoved, .forced, .tooOld: first = 0
      case .neverBuilt, .outputMissing, .outputDamaged: return nil
      }
    }
    if reasons.isEmpty { return nil }
    isUncertain = ofUpstreams < first
    self.first = min(first, ofUpstreams, recipe.steps.count + 1)
    count = recipe.steps.count
  }

  package var description: String { words + (isUncertain ? ", unless upstreams come out the same" : "") }

  private var words: String {
    if first > count { return count == 0 ? "nothing but its files is made anew" : "no step runs again" }
    if first == 0 { return count == 0 ? "the base is made anew" : "the base is made anew, and every step runs" }
    let kept = first == 1 ? "the base is kept" : first == 2 ? "step 1 is kept" : "steps 1 to \(first - 1) are kept"
    return (first == count ? "step \(count) runs again" : "steps \(first) to \(count) run again") + "; \(kept)"
  }
}
