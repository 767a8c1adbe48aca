internal import ImageModel

/// The commands, in the order of the overview.
enum CommandName: String, CaseIterable, Sendable {
  case initialize = "init"
  case list
  case status
  case explain
  case graph
  case build
  case update
  case plan
  case apply
  case publish
  case releases
  case fetch
  case download
  case lint
  case log
  case history
  case verify
  case gc
  case load
  case sifBuild = "sif build"
  case sifDiff = "sif diff"
  case sifList = "sif list"
  case sifInspect = "sif inspect"
  case sifVerify = "sif verify"
  case sifExtractDefinition = "sif extract-definition"
  case clean
  case help

  /// What the first of two words says.
  var group: CommandGroup? {
    guard let space = rawValue.firstIndex(of: " ") else { return nil }
    return CommandGroup(rawValue: String(rawValue[..<space]))
  }

  var specification: CommandSpecification {
    switch self {
    case .initialize: InitOptions.specification
    case .list: ListOptions.specification
    case .status: StatusOptions.specification
    case .explain: ExplainOptions.specification
    case .graph: GraphOptions.specification
    case .build: BuildOptions.specification
    case .update: UpdateOptions.specification
    case .plan: PlanOptions.specification
    case .apply: ApplyOptions.specification
    case .publish: PublishOptions.specification
    case .releases: ReleasesOptions.specification
    case .fetch: FetchOptions.specification
    case .download: DownloadOptions.specification
    case .lint: LintOptions.specification
    case .log: LogOptions.specification
    case .history: HistoryOptions.specification
    case .verify: VerifyOptions.specification
    case .gc: CollectOptions.specification
    case .load: LoadOptions.specification
    case .sifBuild: SIFBuildOptions.specification
    case .sifDiff: SIFDiffOptions.specification
    case .sifList: SIFListOptions.specification
    case .sifInspect: SIFInspectOptions.specification
    case .sifVerify: SIFVerifyOptions.specification
    case .sifExtractDefinition: SIFExtractDefinitionOptions.specification
    case .clean: CleanOptions.specification
    case .help: HelpOptions.specification
    }
  }
}

/// A command with what it was asked for.
enum Request: Sendable {
  case initialize(InitOptions)
  case list(ListOptions)
  case status(StatusOptions)
  case explain(ExplainOptions)
  case graph(GraphOptions)
  case build(BuildOptions)
  case update(UpdateOptions)
  case plan(PlanOptions)
  case apply(ApplyOptions)
  case publish(PublishOptions)
  case releases(ReleasesOptions)
  case fetch(FetchOptions)
  case download(DownloadOptions)
  case lint(LintOptions)
  case log(LogOptions)
  case history(HistoryOptions)
  case verify(VerifyOptions)
  case collect(CollectOptions)
  case load(LoadOptions)
  case sifBuild(SIFBuildOptions)
  case sifDiff(SIFDiffOptions)
  case sifList(SIFListOptions)
  case sifInspect(SIFInspectOptions)
  case sifVerify(SIFVerifyOptions)
  case sifExtractDefinition(SIFExtractDefinitionOptions)
  case clean(CleanOptions)
  case help(HelpTopic)
  case version

  init(_ command: CommandName, _ arguments: ParsedArguments) throws(InvalidInput) {
    switch command {
    case .initialize: self = .initialize(InitOptions(arguments))
    case .list: self = .list(ListOptions(arguments))
    case .status: self = .status(StatusOptions(arguments))
    case .explain: self = .explain(ExplainOptions(arguments))
    case .graph: self = .graph(GraphOptions(arguments))
    case .build: self = .build(try BuildOptions(arguments))
    case .update: self = .update(UpdateOptions(arguments))
    case .plan: self = .plan(PlanOptions(arguments))
    case .apply: self = .apply(ApplyOptions(arguments))
    case .publish: self = .publish(try PublishOptions(arguments))
    case .releases: self = .releases(ReleasesOptions(arguments))
    case .fetch: self = .fetch(FetchOptions(arguments))
    case .download: self = .download(try DownloadOptions(arguments))
    case .lint: self = .lint(try LintOptions(arguments))
    case .log: self = .log(LogOptions(arguments))
    case .history: self = .history(HistoryOptions(arguments))
    case .verify: self = .verify(VerifyOptions(arguments))
    case .gc: self = .collect(CollectOptions(arguments))
    case .load: self = .load(LoadOptions(arguments))
    case .sifBuild: self = .sifBuild(try SIFBuildOptions(arguments))
    case .sifDiff: self = .sifDiff(try SIFDiffOptions(arguments))
    case .sifList: self = .sifList(SIFListOptions(arguments))
    case .sifInspect: self = .sifInspect(SIFInspectOptions(arguments))
    case .sifVerify: self = .sifVerify(SIFVerifyOptions(arguments))
    case .sifExtractDefinition: self = .sifExtractDefinition(SIFExtractDefinitionOptions(arguments))
    case .clean: self = .clean(CleanOptions(arguments))
    case .help: self = .help(try HelpOptions(arguments).topic)
    }
  }
}
