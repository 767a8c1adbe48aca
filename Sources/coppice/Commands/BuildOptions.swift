internal import ImageModel

/// `coppice build`.
struct BuildOptions: CommandOptions {
  enum Progress: String, CaseIterable, Sendable { case auto, tty, plain, json }

  var targets: [String]
  /// nil leaves it to COPPICE_JOBS and the number of processors.
  var jobs: Int?
  var keepsGoing: Bool
  var isDryRun: Bool
  /// Why the targets are built although they may be current.
  var forced: String?
  var isTouch: Bool
  var isLocked: Bool
  var progress: Progress
  var hasExitCode: Bool
  /// Whether to wait while another coppice is at work in the repository.
  var isWaiting: Bool
  /// A git revision; what changed since then is added to the targets.
  var changedSince: String?
  /// Whether what is published need not be made here.
  var isSubstituting: Bool
  /// Of which destinations alone things are got, and nothing is made; nil for a build.
  var fetchedFrom: [String]?

  static let specification = CommandSpecification(
    name: "build", summary: "build what is stale, and only that",
    discussion: [
      "Builds the stale ones of the targets and their stale upstreams, in the order of their dependencies. A step whose "
        + "output comes out identical leaves its dependents alone; one whose inputs were built before is restored from "
        + "the store. Ends by writing coppice.lock.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("what to build (default: all)")],
    options: [
      OptionSpecification(
        "jobs", short: "j", .number("N", 1...1024), "how many steps run at the same time",
        default: "$COPPICE_JOBS, else the number of processors"),
      OptionSpecification("keep-going", short: "k", "go on with everything that does not depend on a failure"),
      CommonOptions.dryRun("say what would be built and why, and build nothing"),
      OptionSpecification(
        "force", .text("REASON"),
        "build the targets even if they are current, without the layer cache; history and explain show the reason"),
      OptionSpecification("touch", "record everything that is stale as built, without building it"),
      OptionSpecification("locked", "refuse to pin a base that has no pin yet"),
      OptionSpecification(
        "progress", .choice(Progress.allCases.map(\.rawValue)),
        "how to show the progress: json is one event a line; auto is tty on a terminal, else plain", default: "auto"),
      OptionSpecification(
        "no-substitute", "build what is recorded and missing here also where a destination has it"),
      OptionSpecification("no-wait", "fail at once while another coppice is at work in the repository"),
      OptionSpecification("exit-code", "with --dry-run: exit with 3 when there is something to build"),
      OptionSpecification(
        "changed-since", .text("REF"),
        "the artifacts that a change since this git revision touches, and their dependents; added to the targets"),
    ],
    examples: [
      .init("build all", "after an edit: only what is affected"), .init("build -n", "what would be built, and why"),
      .init("build 'casa-*' -j4 -k", "four at a time, not stopping at a failure"),
      .init("build casa-dev:ubuntu-18.04 --force 'security updates'", "again, without the layer cache"),
      .init("build --changed-since origin/main", "what a merge request affects"),
    ],
    exitCodes: [.success, .failure, .invalid, .workToDo])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    try arguments.refuse("touch", with: "force")
    targets = arguments.positionals
    jobs = arguments.number("jobs")
    keepsGoing = arguments.has("keep-going")
    isDryRun = arguments.has("dry-run")
    forced = arguments.value("force")
    isTouch = arguments.has("touch")
    isLocked = arguments.has("locked")
    progress = arguments.choice("progress") ?? .auto
    hasExitCode = arguments.has("exit-code")
    isWaiting = !arguments.has("no-wait")
    changedSince = arguments.value("changed-since")
    isSubstituting = !arguments.has("no-substitute")
  }

  /// A build that makes nothing.
  init(fetching options: FetchOptions) {
    (targets, fetchedFrom) = (options.targets, options.sources)
    (progress, isWaiting, isSubstituting) = (options.progress, options.isWaiting, true)
    (keepsGoing, isDryRun, isTouch, isLocked, hasExitCode) = (true, false, false, true, false)
  }
}
