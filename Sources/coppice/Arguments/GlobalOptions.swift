internal import ImageModel
internal import ImageTools

/// The options of every command; they may stand before or after its name.
struct GlobalOptions: Sendable, Equatable {
  enum Color: String, Sendable, CaseIterable { case auto, always, never }

  var repository: FilePath?
  var directory: FilePath?
  var engine: String?
  var store: FilePath?
  var sifBuilder: SIFBuilder?
  var isVerbose = false
  var isQuiet = false
  var color = Color.auto

  static let specifications: [OptionSpecification] = [
    OptionSpecification(
      "repository", short: "r", .text("DIR"), "the repository of definitions",
      default: "the directory with coppice.yaml at or above the current one, else $CASA_DEFAULT_REPOSITORY, "
        + "else ~/casa_distro"),
    OptionSpecification("directory", short: "C", .text("DIR"), "start in this directory instead of the current one"),
    OptionSpecification(
      "engine", .choice(EngineFinder.names), "what builds the images",
      default: "$COPPICE_ENGINE, else engine: of coppice.yaml, else the first that works"),
    OptionSpecification(
      "store", .text("DIR"), "the content store",
      default: "$COPPICE_STORE, else store: of coppice.yaml, else .coppice/store"),
    OptionSpecification(
      "sif-builder", .choice(SIFBuilder.allCases.map(\.rawValue)), "what makes the SIF files of images",
      default: "$COPPICE_SIF_BUILDER, else sif_builder: of coppice.yaml, else coppice"),
    OptionSpecification("verbose", short: "v", "say more: the output of every step, every current artifact"),
    OptionSpecification("quiet", short: "q", "say only what failed"),
    OptionSpecification("color", .choice(Color.allCases.map(\.rawValue)), "colours", default: "auto"),
    OptionSpecification("help", short: "h", "show the help of the command"),
    OptionSpecification("version", "show the version"),
  ]

  init() {}

  /// - Throws: when options contradict each other.
  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    repository = arguments.value("repository").map { FilePath($0) }
    directory = arguments.value("directory").map { FilePath($0) }
    engine = arguments.value("engine")
    store = arguments.value("store").map { FilePath($0) }
    sifBuilder = arguments.choice("sif-builder")
    isVerbose = arguments.has("verbose")
    isQuiet = arguments.has("quiet")
    color = arguments.choice("color") ?? .auto
    try arguments.refuse("verbose", with: "quiet")
  }
}

extension ParsedArguments {
  /// - Throws: when both options are given.
  func refuse(_ first: String, with second: String) throws(InvalidInput) {
    guard has(first), has(second) else { return }
    throw InvalidInput([
      Diagnostic(.error, "--\(first) and --\(second) exclude each other", help: "leave one of them out")
    ])
  }
}
