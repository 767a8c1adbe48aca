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

extension Invocation {
  /// Where a SIF file lies.
  /// - Throws: for one that lies elsewhere than on this machine.
  func place(ofSIF file: FilePath) throws(InvalidInput) -> FilePath {
    let text = file.description
    guard !text.hasPrefix("oras:/") && !text.hasPrefix("library:/") else {
      let help =
        text.hasPrefix("oras:/")
        ? "get it with `coppice download oras://…`, then name the file" : "get it with `apptainer pull`"
      throw InvalidInput([Diagnostic(.error, "'\(text)' lies in a registry, and is read here as a file", help: help)])
    }
    return directory / file
  }
}

extension CommonOptions {
  static let sifFile = ArgumentSpecification("FILE", .one, "a SIF file")
}

extension ParsedArguments {
  /// The first positional.
  var file: FilePath { FilePath(positionals.first ?? "") }
}
