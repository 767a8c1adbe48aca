/// `coppice explain`.
struct ExplainOptions: CommandOptions {
  var target: String
  var isJSON: Bool
  /// A build of the past by its number in the history; nil is the present.
  var build: Int?

  static let specification = CommandSpecification(
    name: "explain", summary: "say why an artifact is stale, or why it was built",
    discussion: [
      "Shows the chain from the artifact to every root cause: the file with its changed lines, the base or the upstream "
        + "that changed. With --build the same for a build of the past, from what was recorded then, and the paths in which "
        + "its image differs from the one before, where these are few."
    ],
    arguments: [ArgumentSpecification("TARGET", .one, "one artifact: casa-dev:ubuntu-18.04")],
    options: [
      CommonOptions.json,
      OptionSpecification(
        "build", .number("N", 1...Int.max), "explain the build with this number in 'coppice history'",
        default: "what the next build would do"),
    ],
    examples: [
      .init("explain casa-dev:ubuntu-18.04", "why the next build would make it"),
      .init("explain casa-dev:ubuntu-18.04 --build 12", "why build 12 made it; 'coppice history' has the numbers"),
    ])

  init(_ arguments: ParsedArguments) {
    target = arguments.positionals.first ?? ""
    isJSON = arguments.has("json")
    build = arguments.number("build")
  }
}
