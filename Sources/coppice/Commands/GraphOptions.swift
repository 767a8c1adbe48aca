/// `coppice graph`.
struct GraphOptions: CommandOptions {
  enum Format: String, CaseIterable, Sendable { case tree, dot, mermaid, json }

  var targets: [String]
  var format: Format

  static let specification = CommandSpecification(
    name: "graph", summary: "draw what is made from what",
    discussion: [
      "tree is text with the dependents of every artifact indented below it; dot is for graphviz, mermaid for web "
        + "pages and wikis, json for programs.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [OptionSpecification("format", .choice(Format.allCases.map(\.rawValue)), "how to draw", default: "tree")],
    examples: [
      .init("graph", "the whole tree, as text"),
      .init("graph +cati_platform:ubuntu-18.04", "what one image rests on"),
      .init("graph --format dot | dot -Tsvg -o tree.svg", "a picture"),
    ])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    format = arguments.choice("format") ?? .tree
  }
}
