internal import ImageModel
internal import SquashFS

/// `coppice sif build`.
struct SIFBuildOptions: CommandOptions {
  var output: FilePath
  var source: String
  var compression: SquashfsCompression
  /// Nil for this machine's, or the only one's.
  var platform: Platform?
  var isForced: Bool
  var isJSON: Bool

  private static let codecs = ["gzip", "zstd"]

  static let specification = CommandSpecification(
    name: "sif build", summary: "make a SIF file of an image, wherever it lies",
    discussion: [
      "Converts an image in one pass: nothing is unpacked, owners are right whoever runs it, and the same image gives the "
        + "same bytes. " + CommonOptions.sourceSyntax,
      "The file is written under a temporary name, read again, and named at last; one that is there stays unless --force is "
        + "given. With SOURCE_DATE_EPOCH no time in it is later.",
    ],
    arguments: [
      ArgumentSpecification("FILE", .one, "the SIF file to write"),
      ArgumentSpecification("SOURCE", .one, "the image"),
    ],
    options: [
      OptionSpecification(
        "compression", .choice(codecs), "how the file system is compressed: every runtime reads gzip, zstd is faster",
        default: "gzip"),
      OptionSpecification(
        "level", .number("N", 1...19), "how hard it is compressed, gzip up to 12", default: "6 of gzip, 3 of zstd"),
      CommonOptions.platform,
      OptionSpecification("force", short: "f", "replace a file that is there"),
      CommonOptions.json,
    ],
    examples: [
      .init("sif build app.sif oci:layout:app", "an image of an OCI layout"),
      .init("sif build app.sif docker-archive:app.tar", "what 'docker save' wrote"),
      .init("sif build app.sif docker://ubuntu:24.04", "an image of a registry; nothing is stored"),
    ])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    output = arguments.file
    source = arguments.positionals.dropFirst().first ?? ""
    let level = arguments.number("level")
    if arguments.value("compression") == "zstd" {
      compression = .zstd(level: level ?? 3)
    } else {
      guard level ?? 6 <= 12 else {
        throw InvalidInput([
          Diagnostic(.error, "--level needs a number from 1 to 12 for gzip", help: "zstd has 19: --compression zstd")
        ])
      }
      compression = .gzip(level: level ?? 6)
    }
    platform = try arguments.platform
    isForced = arguments.has("force")
    isJSON = arguments.has("json")
  }
}

extension CommonOptions {
  static let platform = OptionSpecification(
    "platform", .text("OS/ARCH"), "which image of several, linux/arm64", default: "this machine's, or the only one's")

  static let sourceSyntax =
    "SOURCE is oci:DIR[:NAME], an image layout; oci-archive:FILE[:NAME] or docker-archive:FILE[:NAME], which may be compressed; "
    + "docker-daemon:NAME, an image of docker; store:NAME, one of the content store; or docker://NAME or NAME, one of a "
    + "registry."
}

extension ParsedArguments {
  /// - Throws: when it is none.
  var platform: Platform? {
    get throws(InvalidInput) {
      guard let text = value("platform") else { return nil }
      guard let platform = Platform(text) else {
        throw InvalidInput([Diagnostic(.error, "--platform needs OS/ARCH, linux/arm64, not '\(text)'")])
      }
      return platform
    }
  }
}
