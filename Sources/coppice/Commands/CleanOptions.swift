/// `coppice clean`.
struct CleanOptions: CommandOptions {
  /// The store and the journal, too.
  var isAll: Bool
  var isDryRun: Bool

  static let specification = CommandSpecification(
    name: "clean", summary: "remove what can be made again",
    discussion: [
      "Removes logs, the file index and what interrupted builds have left below .coppice. coppice.lock and the "
        + "definitions are never touched."
    ],
    options: [
      OptionSpecification("all", "the store, the journal and the outputs, too: the next build starts from nothing"),
      CommonOptions.dryRun("say what would be removed, and remove nothing"),
    ],
    examples: [.init("clean", "logs and caches"), .init("clean --all --dry-run", "what a fresh start would remove")])

  init(_ arguments: ParsedArguments) {
    isAll = arguments.has("all")
    isDryRun = arguments.has("dry-run")
  }
}
