internal import ImageModel

/// `coppice sif diff`.
struct SIFDiffOptions: CommandOptions {
  var before: String
  var after: String
  var platform: Platform?
  var isJSON: Bool
  var tellsByExitCode: Bool

  static let specification = CommandSpecification(
    name: "sif diff", summary: "compare the files in SIF files and images",
    discussion: [
      "Shows which files are only in A (-), only in B (+), or others in B (~) by type, mode, owner, target, device, size, "
        + "content or attributes; not by time. Each of the two is a SIF file or a SOURCE as 'coppice sif build' takes it, a "
        + "registry's written docker://NAME. Of a SIF file and an image, what a container gets beside its image's files is not "
        + "compared."
    ],
    arguments: [
      ArgumentSpecification("A", .one, "a SIF file or an image"), ArgumentSpecification("B", .one, "the other one"),
    ],
    options: [
      CommonOptions.json, CommonOptions.platform,
      OptionSpecification("exit-code", "exit with 3 when they differ"),
    ],
    examples: [
      .init("sif diff old.sif new.sif", "what an update changed"),
      .init("sif diff app.sif oci:layout:app --exit-code", "a SIF file against its source"),
    ],
    exitCodes: [.success, .failure, .invalid, .workToDo])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    before = arguments.positionals.first ?? ""
    after = arguments.positionals.dropFirst().first ?? ""
    platform = try arguments.platform
    isJSON = arguments.has("json")
    tellsByExitCode = arguments.has("exit-code")
  }
}
