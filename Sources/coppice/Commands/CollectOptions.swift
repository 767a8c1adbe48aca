/// `coppice gc`.
struct CollectOptions: CommandOptions {
  var isDryRun: Bool
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "gc", summary: "remove from the store what nothing refers to",
    discussion: [
      "Keeps what coppice.lock, the lists of inputs of the journal and other repositories that share the store refer "
        + "to; of a shared store also what was written within the last day. With --verbose every blob is listed.",
      "In the directory of images it removes the SIF files that no definition makes any more: those that are, byte for byte, "
        + "what coppice wrote there.",
    ],
    options: [CommonOptions.dryRun("say what would be removed, and remove nothing"), CommonOptions.json],
    examples: [.init("gc --dry-run", "how much space could be had"), .init("gc", "have it")])

  init(_ arguments: ParsedArguments) {
    isDryRun = arguments.has("dry-run")
    isJSON = arguments.has("json")
  }
}
