internal import ImageModel

/// `coppice fetch`.
struct FetchOptions: CommandOptions {
  var targets: [String]
  var sources: [String]
  var progress: BuildOptions.Progress
  var isWaiting: Bool
  var isDryRun: Bool

  static let specification = CommandSpecification(
    name: "fetch", summary: "get what coppice.lock names from where it is published",
    discussion: [
      "On a clone: brings images and SIF files from the destinations of coppice.yaml that are exactly what the lockfile "
        + "names, by digest; whoever has published them need not be trusted. What was changed since, or is published "
        + "nowhere, has to be built. 'coppice build' does the same before it builds, unless it is told --no-substitute.",
      CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("what to get (default: all)")],
    options: [
      OptionSpecification("from", .text("NAME"), "this destination of coppice.yaml; may be repeated"),
      OptionSpecification(
        "progress", .choice(BuildOptions.Progress.allCases.map(\.rawValue)), "how to show the progress, as for build",
        default: "auto"),
      CommonOptions.dryRun("say what would come from where, and what must be built"),
      OptionSpecification("no-wait", "fail at once while another coppice is at work in the repository"),
    ],
    examples: [
      .init("fetch", "all, on a fresh clone"), .init("fetch casa-dev:ubuntu-18.04 --from hub", "one, from one place"),
    ])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    sources = arguments.list("from")
    progress = arguments.choice("progress") ?? .auto
    isWaiting = !arguments.has("no-wait")
    isDryRun = arguments.has("dry-run")
  }
}
