/// `coppice load`.
struct LoadOptions: CommandOptions {
  var targets: [String]

  static let specification = CommandSpecification(
    name: "load", summary: "give images from the store to the engine",
    discussion: [
      "Puts built images, with all their tags, where 'docker run' or its kin find them.", CommonOptions.targetSyntax,
    ],
    arguments: [ArgumentSpecification("TARGET", .many, "which images")],
    examples: [.init("load casa-dev:ubuntu-18.04", "one image"), .init("load all --engine podman", "all, into podman")])

  init(_ arguments: ParsedArguments) { targets = arguments.positionals }
}
