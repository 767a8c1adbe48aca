internal import ImageModel

/// `coppice download`.
struct DownloadOptions: CommandOptions {
  var patterns: [String]
  /// A destination, a web address, a directory here or on another machine.
  var source: String?
  var directory: String?
  var isDryRun: Bool
  var isJSON: Bool
  var progress: BuildOptions.Progress

  static let specification = CommandSpecification(
    name: "download", summary: "get published files that one can run",
    discussion: [
      "Brings SIF files, with what lies beside them, from a destination of coppice.yaml, or from any place where coppice "
        + "publishes: a web root (https://…), a directory, USER@HOST:PATH. A file that is there already and is the published "
        + "one is left alone; a download that was broken off goes on; a file has its name only when it is whole and has the "
        + "digest that was published. No repository is needed where --from says the place.",
      "A NAME is the name of a file, with or without '.sif', or an artifact as in coppice.yaml, casa-dev:ubuntu-18.04; "
        + "'*' stands for anything; or the address of a SIF file in a registry, oras://HOST/REPOSITORY:TAG. Of docker images "
        + "it says the reference for 'docker pull'.",
    ],
    arguments: [ArgumentSpecification("NAME", .many, "which files")],
    options: [
      OptionSpecification(
        "from", .text("PLACE"), "a destination, a web address, a directory, or USER@HOST:PATH",
        default: "the destinations of coppice.yaml in their order"),
      OptionSpecification(
        "output", short: "o", .text("DIR"), "where to put the files", default: "the current directory"),
      CommonOptions.dryRun("say what would be downloaded"), PublishOptions.progressOption, CommonOptions.json,
    ],
    examples: [
      .init("download brainvisa-5.0 --from https://brainvisa.example/images", "one file from a web root"),
      .init("download 'casa-*' -o images", "all of a family, from where this repository publishes"),
    ])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    try arguments.refuse("json", with: "progress")
    patterns = arguments.positionals
    source = arguments.value("from")
    directory = arguments.value("output")
    isDryRun = arguments.has("dry-run")
    isJSON = arguments.has("json")
    progress = arguments.choice("progress") ?? .auto
  }
}
