internal import ImageModel

/// `coppice init`.
struct InitOptions: CommandOptions {
  /// nil is the current directory.
  var directory: FilePath?

  static let specification = CommandSpecification(
    name: "init", summary: "make coppice.yaml and a first definition",
    discussion: [
      "Makes a repository in DIR: coppice.yaml with every setting and its default, and one small definition below "
        + "share/docker that builds. Files that exist are left as they are."
    ],
    arguments: [ArgumentSpecification("DIR", .optional, "where, made when it is missing (default: here)")],
    examples: [.init("init images", "a new repository in images/")])

  init(_ arguments: ParsedArguments) {
    directory = arguments.positionals.first.map { FilePath($0) }
  }
}
