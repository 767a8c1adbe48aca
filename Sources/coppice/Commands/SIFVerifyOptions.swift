internal import ImageModel

/// `coppice sif verify`.
struct SIFVerifyOptions: CommandOptions {
  var file: FilePath
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "sif verify", summary: "check a SIF file",
    discussion: [
      "Reads all of the file system, and compares what the header and the table say with what is there, and the file with FILE.json, its sidecar, where "
        + "that gives its size or SHA-256. It names what it cannot read: signatures, and file systems other than squashfs with "
        + "gzip or zstd. Exit status 1 when something is wrong."
    ],
    arguments: [CommonOptions.sifFile],
    options: [CommonOptions.json],
    examples: [.init("sif verify app.sif", "after it was copied from elsewhere")])

  init(_ arguments: ParsedArguments) {
    file = arguments.file
    isJSON = arguments.has("json")
  }
}
