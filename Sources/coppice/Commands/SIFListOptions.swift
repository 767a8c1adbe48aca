internal import ImageModel

/// `coppice sif list`.
struct SIFListOptions: CommandOptions {
  var file: FilePath
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "sif list", summary: "list the objects in a SIF file",
    discussion: ["What the header says, and every object with its place, its group, what it refers to and its type."],
    arguments: [CommonOptions.sifFile],
    options: [CommonOptions.json],
    examples: [.init("sif list app.sif", "what is in it"), .init("sif list app.sif --json", "the same for a program")])

  init(_ arguments: ParsedArguments) {
    file = arguments.file
    isJSON = arguments.has("json")
  }
}

extension CommonOptions {
  static let sifFile = ArgumentSpecification("FILE", .one, "a SIF file")
}

extension ParsedArguments {
  /// The first positional.
  var file: FilePath { FilePath(positionals.first ?? "") }
}
