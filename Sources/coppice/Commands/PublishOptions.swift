internal import ImageModel

/// `coppice publish`.
struct PublishOptions: CommandOptions {
  var targets: [String]
  var destinations: [String]
  var isDryRun: Bool
  var isAgreed: Bool
  var overwrites: Bool
  var isTakingBack: Bool
  var progress: BuildOptions.Progress

  static let only = OptionSpecification("only", .text("NAME"), "this destination of coppice.yaml; may be repeated")
  static let progressOption = OptionSpecification(
    "progress", .choice(BuildOptions.Progress.allCases.map(\.rawValue)),
    "how to show what is on its way: json is one event a line; auto is tty on a terminal, else plain", default: "auto")

  static let specification = CommandSpecification(
    name: "publish", summary: "send what changed to its destinations, and let its names lead there",
    discussion: [
      "First all that is new is sent, unseen; then tags and names switch to it. What is there already is not sent. Ended "
        + "before the second part, people see the old release; ended within it, 'coppice plan' says so, and the same command "
        + "goes on. Each release is written to releases/.",
      "What is stale is refused: build it first, or name the TARGETs that are to be published. A tag that somebody else has "
        + "moved since the last release is refused too, unless --overwrite is given.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [
      only, CommonOptions.dryRun("show the plan, and publish nothing"),
      OptionSpecification("yes", short: "y", "do not ask"),
      OptionSpecification("overwrite", "also names that somebody else has moved"),
      progressOption,
      OptionSpecification(
        "rollback", "let every name lead where it led before the last release, or before one not completed"),
    ],
    examples: [
      .init("publish", "what changed, after a look at the plan"),
      .init("publish --yes --only hub", "in a script, to one destination"),
      .init("publish --rollback", "back to the release before"),
    ])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    targets = arguments.positionals
    destinations = arguments.list("only")
    isDryRun = arguments.has("dry-run")
    isAgreed = arguments.has("yes")
    overwrites = arguments.has("overwrite")
    isTakingBack = arguments.has("rollback")
    progress = arguments.choice("progress") ?? .auto
    if isTakingBack, !targets.isEmpty || !destinations.isEmpty {
      throw InvalidInput([Diagnostic(.error, "--rollback takes back a whole release", help: "leave out the targets")])
    }
  }
}
