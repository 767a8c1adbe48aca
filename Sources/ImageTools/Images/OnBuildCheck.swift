import BuildEngine
import ImageModel

/// Whether a base from outside may bring instructions of its own that read the context.
///
/// They stand in no Dockerfile of the tree, so the files that they would copy are neither hashed nor staged.
struct OnBuildCheck: Sendable {
  private let isWhole: Bool

  init(_ reach: ContextReach) {
    switch reach {
    case .whole: isWhole = true
    case .selected(let selectors): isWhole = selectors.contains { $0.pattern == "." && $0.excludes.isEmpty }
    }
  }

  /// - Throws: `StepFailure` for the first instruction that would see too little.
  func check(_ instructions: [String], of use: ImageUse) throws(StepFailure) {
    guard !isWhole, let instruction = instructions.first(where: Self.readsContext) else { return }
    throw StepFailure(
      "the base \(use.reference) has ONBUILD \(instruction), which would see only the files that this Dockerfile names",
      at: use.location,
      help: "name the whole context in it (`COPY . DIRECTORY`), or define the base in the tree")
  }

  private static func readsContext(_ instruction: String) -> Bool {
    let words = instruction.split(whereSeparator: \.isWhitespace)
    guard let verb = words.first?.uppercased(), ["COPY", "ADD"].contains(verb) else { return false }
    return !words.contains { $0.lowercased().hasPrefix("--from=") }
  }
}
