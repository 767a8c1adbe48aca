internal import ImageModel

/// `coppice sif extract-definition`.
struct SIFExtractDefinitionOptions: CommandOptions {
  var file: FilePath

  static let specification = CommandSpecification(
    name: "sif extract-definition", summary: "print the definition that a SIF file was made from",
    discussion: ["Prints the definition byte for byte, so that it can be built again."],
    arguments: [CommonOptions.sifFile],
    examples: [.init("sif extract-definition app.sif", "what it was made from")])

  init(_ arguments: ParsedArguments) { file = arguments.file }
}
