/// `coppice update`.
struct UpdateOptions: CommandOptions {
  /// Globs of references; none means every external base.
  var patterns: [String]
  var isDryRun: Bool
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "update", summary: "move the pins of external bases to what their tags say now",
    discussion: [
      "Asks the registries for the digest behind the tag of every external base, writes the pins into coppice.lock and "
        + "says what the next build will rebuild for it; with --verbose also what has not moved. Without it, a base stays "
        + "what it was.",
      "A PATTERN is a reference as it is written or in full, 'debian:*' or 'docker.io/library/*'. A base whose registry "
        + "cannot be asked keeps its pin, the others move, and the exit status is 1.",
    ],
    arguments: [ArgumentSpecification("PATTERN", .any, "which bases: 'ubuntu:*' (default: all)")],
    options: [CommonOptions.dryRun("say what would move, and write nothing"), CommonOptions.json],
    examples: [
      .init("update --dry-run", "which bases have moved, and what they would rebuild"),
      .init("update 'ubuntu:*'", "take the new ubuntu images"),
    ])

  init(_ arguments: ParsedArguments) {
    patterns = arguments.positionals
    isDryRun = arguments.has("dry-run")
    isJSON = arguments.has("json")
  }
}
