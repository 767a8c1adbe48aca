/// `coppice verify`.
struct VerifyOptions: CommandOptions {
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "verify", summary: "hash everything in the store and compare",
    discussion: [
      "status trusts names and sizes; verify reads every byte of every recorded output. What is damaged is rebuilt or "
        + "restored by the next build. Exit status 1 when something is damaged or missing."
    ],
    options: [CommonOptions.json],
    examples: [.init("verify", "after a disk fault")])

  init(_ arguments: ParsedArguments) { isJSON = arguments.has("json") }
}
