package import ImageModel

/// The keys of a VM image's steps: what the disk is made of after each one.
///
/// A key is the digest of the key before it and of what the step itself is made of: its words, the files that it reads,
/// and the docker image that it installs. So a change of one step changes its own key and all that follow, and no other.
/// They are made of the list whose digest is the fingerprint: all of that list is in the last key, but for what says how
/// the machine is (memory, processors, formats), which no disk depends on. docs/design.md, "VM images".
package struct MachineStepKeys: Hashable, Sendable {
  /// The base's first, then one for each step.
  package let keys: [Digest]

  /// Of the disk that becomes the output.
  package var last: Digest { keys.last ?? base }
  /// Of the disk before the first step.
  package let base: Digest

  /// - Parameter inputs: of the recipe, with its files: without them files count as if there were none.
  package init(of recipe: MachineRecipe, _ inputs: StepInputs) {
    let (words, upstreams) = (inputs[.step].map(\.value), inputs[.upstream])
    func upstream(_ id: ArtifactID?) -> [StepInput] {
      guard let name = id.map({ Array($0.description.utf8) }) else { return [] }
      return upstreams.filter { $0.name == name }
    }
    let ofSteps = recipe.steps.map { step in
      Set(step.sources.flatMap { Self.files($0.value, inputs).map(\.name) })
    }
    let ofBase = MachineSources.pathsOfBase(recipe).flatMap { Self.files($0.value, inputs) }
    var key = Self.key(
      after: nil,
      inputs[.recipe].filter { !MachineInputs.ofHardware.contains(String(decoding: $0.name, as: UTF8.self)) }
        + inputs[.base] + upstream(recipe.baseMachine) + ofBase)
    base = key
    var keys = [key]
    for (index, step) in recipe.steps.enumerated() {
      let own = index < words.count ? [StepInput(.step, name: [], value: words[index])] : []
      let files = inputs[.context].filter { ofSteps[index].contains($0.name) }
      key = Self.key(after: key, own + files + upstream(step.image))
      keys.append(key)
    }
    self.keys = keys
  }

  private static func files(_ source: String, _ inputs: StepInputs) -> [StepInput] {
    let path = FilePath(source).normalized
    return inputs[.context].filter { FilePath(bytes: $0.name).isBelow(path) }
  }

  private static func key(after key: Digest?, _ inputs: [StepInput]) -> Digest {
    var bytes = Array("coppice-machine 1\n\(key?.description ?? "-")\n".utf8)
    bytes += InputEncoding.bytes(of: inputs)
    return .sha256(bytes)
  }
}

extension MachineRecipe {
  var baseMachine: ArtifactID? { if case .machine(let id) = base { id } else { nil } }

  /// The first step that a change makes run again, counted from one; 0 for the base, nil for none.
  func firstStep(after change: InputChange) -> Int? {
    switch change.group {
    case .recipe: return MachineInputs.ofHardware.contains(change.name) ? nil : 0
    case .base: return 0
    case .upstream:
      if baseMachine?.description == change.name { return 0 }
      return steps.firstIndex { $0.image?.description == change.name }.map { $0 + 1 } ?? 0
    case .context:
      if change.isGroupOnly { return 0 }
      let path = FilePath(change.name)
      func reads(_ source: Located<String>) -> Bool { path.isBelow(FilePath(source.value).normalized) }
      if MachineSources.pathsOfBase(self).contains(where: reads) { return 0 }
      return steps.firstIndex { $0.sources.contains(where: reads) }.map { $0 + 1 } ?? 0
    case .step:
      if change.isGroupOnly { return steps.isEmpty ? nil : 1 }
      return steps.firstIndex { $0.location == change.location }.map { $0 + 1 }
    case .dockerfile, .argument: return nil
    }
  }

  func firstStep(afterOutputOf upstream: ArtifactID) -> Int {
    firstStep(after: InputChange(.upstream, .modified, upstream.description)) ?? 0
  }

  /// Where the definition says a step; the base for 0.
  func place(of step: Int) -> SourceLocation? {
    step == 0 ? places[.recipe]?["base"] ?? location : step <= steps.count ? steps[step - 1].location : nil
  }
}

extension MachineStep {
  /// The docker image that it installs.
  var image: ArtifactID? { if case .rootfs(let rootfs) = action { rootfs.image } else { nil } }
}
