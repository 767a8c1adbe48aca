import BuildEngine
import ImageModel

/// Whether `ONBUILD` instructions of a base take what no fingerprint sees.
struct OnBuildCheck: Sendable {
  /// Whether the build sees the whole context.
  let isWhole: Bool
  private let stages: FiredStages
  /// By number.
  private let areNeeded: [Bool]

  init(_ facts: DockerfileFacts) {
    switch facts.reach {
    case .whole: isWhole = true
    case .selected(let selectors): isWhole = selectors.contains { $0.pattern == "." && $0.excludes.isEmpty }
    }
    stages = FiredStages(facts)
    areNeeded = facts.stages.map(\.isNeeded)
  }

  /// For a base whose instructions were not known when its files were chosen: files that they would copy are neither
  /// hashed nor staged.
  /// - Throws: `StepFailure` for the first instruction that would see too little.
  func checkReach(_ triggers: [String], of use: ImageUse) throws(StepFailure) {
    guard !isWhole, let trigger = triggers.first(where: { Self.readsContext(InstructionWords($0)) }) else { return }
    throw StepFailure(
      "the base \(use.reference) has ONBUILD \(trigger), which would see only the files that this Dockerfile names",
      at: use.location,
      help: (use.reference.digest == nil ? "run `coppice update '\(use.reference)'`, which records them; or " : "")
        + "name the whole context in it (`COPY . DIRECTORY`)")
  }

  /// For such a base: arguments that nothing else takes are not in the fingerprint.
  /// - Throws: `StepFailure` for the first instruction that takes one.
  func checkArguments(_ triggers: [String], of use: ImageUse, _ recipe: ImageRecipe) throws(StepFailure) {
    let ignored = recipe.dockerfile.instructions.filter { $0.counted == nil }.map { InstructionWords($0.canonical) }
    for words in triggers.map({ InstructionWords($0) }) where words.name == "ARG" {
      for name in words.words.map({ String($0.prefix { $0 != "=" }) }) {
        let isGiven = recipe.buildArguments[name] != nil && !recipe.dockerfile.takes(name)
        guard isGiven || ignored.contains(where: { $0.words.contains { $0.hasPrefix(name) } }) else { continue }
        throw StepFailure(
          "the base \(use.reference) has ONBUILD ARG \(name), which takes an argument that the fingerprint lacks",
          at: use.location, help: "run `coppice update`, which records it; or write ARG \(name) in the Dockerfile")
      }
    }
  }

  /// The engine would take an image by a tag, whatever that means at the time.
  /// - Throws: `StepFailure` for the first instruction that names an image.
  func checkImages(_ triggers: [String], of use: ImageUse) throws(StepFailure) {
    for trigger in triggers {
      let words = InstructionWords(trigger)
      let sources = [words.value(ofFlag: "from")] + words.mounts.map { $0["from"] }
      guard let image = sources.lazy.compactMap(\.self).first(where: isMovable) else { continue }
      if Int(image) != nil {
        throw StepFailure(
          "the base \(use.reference) has ONBUILD \(trigger), and nothing else needs stage \(image)", at: use.location,
          help: "take something from that stage in this Dockerfile too: `COPY --from`")
      }
      throw StepFailure(
        "the base \(use.reference) has ONBUILD \(trigger), which would take \(image) by its tag", at: use.location,
        help: "name a stage of this Dockerfile '\(image)', or base the image on another one")
    }
  }

  private func isMovable(_ source: Substring) -> Bool {
    let name = source.lowercased()
    // What a stage is made from is known where something of this Dockerfile needs it.
    if let number = Int(name) { return !areNeeded.indices.contains(number) || !areNeeded[number] }
    return stages.names[name] == nil && name != "scratch" && !name.contains("@")
  }

  private static func readsContext(_ words: InstructionWords) -> Bool {
    switch words.name {
    case "COPY", "ADD": words.value(ofFlag: "from") == nil
    case "RUN": words.mounts.contains { $0.kind != "cache" && $0.readsFiles && $0["from"] == nil }
    default: false
    }
  }
}
