import DockerfileText
import HostSystem
import ImageModel

/// A staged context as docker's legacy builder must get it: as an archive, in which the Dockerfile lies too.
///
/// Its client writes a random name into the ignore file of a directory, and applies that file to what was chosen
/// already; archives it hands on as they are. The daemon wants the Dockerfile among the files, where `COPY .` would take
/// it, and takes it away only if the ignore file of the context names it. So it lies where that ignore file, whose bytes
/// may be wanted in the image, leaves it out; without one, an ignore file that names itself and the Dockerfile is gone
/// before the build begins.
struct LegacyContext {
  /// Where the Dockerfile lies in the archive.
  let dockerfile: FilePath
  private let text: [UInt8]
  private let hasIgnoreFile: Bool
  private let root: FilePath
  private let files: any FileSystem

  private static let ignoreFile: FilePath = ".dockerignore"

  /// - Throws: `Failure` where the Dockerfile cannot be hidden.
  init(of request: BuildRequest, files: any FileSystem) throws {
    self.files = files
    root = request.directory / request.context
    text = try files.contents(of: request.directory / request.dockerfile, limit: 64 << 20)
    let ignore = try files.statusIfPresent(of: root / Self.ignoreFile)
    hasIgnoreFile = ignore != nil
    guard let ignore else {
      dockerfile = try Self.free("coppice-dockerfile", in: root, files)
      return
    }
    var patterns = IgnoreFile()
    if ignore.kind == .regular {
      let bytes = try files.contents(of: root / Self.ignoreFile, limit: 64 << 20)
      patterns = IgnoreReader.read(bytes, name: ".dockerignore", file: root / Self.ignoreFile).0
    }
    guard let hidden = try Self.hidden(by: patterns, in: root, files) else {
      throw Failure(
        "docker's legacy builder cannot put this .dockerignore into an image: its own Dockerfile would come along",
        help:
          "leave it out (a line .dockerignore in it), install docker's buildx plugin, or build with --engine buildah")
    }
    dockerfile = hidden
  }

  /// A path that the ignore file leaves out, in a directory that is there.
  private static func hidden(
    by ignore: IgnoreFile, in root: FilePath, _ files: any FileSystem
  ) throws -> FilePath? {
    let rules = IgnoreRules(ignore)
    // The daemon would take it away as well.
    if rules.excludes(".dockerignore") { return nil }
    for pattern in ignore.patterns.reversed() {
      guard let sample = sample(of: pattern) else { continue }
      // Of a directory that has files after all, a file in it.
      for path in [sample, sample / "coppice-dockerfile"] where rules.excludes(path.bytes) {
        let parent = path.parent.isEmpty ? root : root / path.parent
        guard try files.statusIfPresent(of: parent)?.kind == .directory,
          try files.statusIfPresent(of: root / path) == nil
        else { continue }
        return path
      }
    }
    return nil
  }

  /// A path that a pattern matches, whatever version of docker reads it; nil for patterns that are not simple.
  private static func sample(of pattern: String) -> FilePath? {
    var words = pattern.split(separator: "/").map(String.init).filter { $0 != "." }
    if words.first == "**" && words.count > 1 { words.removeFirst() }
    guard let first = words.first, !first.hasPrefix("!"), !first.hasPrefix(" ") else { return nil }
    guard !words.contains(where: { $0 == ".." || $0.contains("**") || $0.contains(where: "[]\\ \t".contains) }) else {
      return nil
    }
    let names = words.map { $0.replacing("*", with: "coppice-dockerfile").replacing("?", with: "0") }
    return FilePath(names.joined(separator: "/"))
  }

  private static func free(_ name: String, in root: FilePath, _ files: any FileSystem) throws -> FilePath {
    var (path, number) = (FilePath(name), 0)
    while try files.statusIfPresent(of: root / path) != nil {
      number += 1
      path = FilePath("\(name)-\(number)")
    }
    return path
  }

  func write(to output: any ByteWriter) throws {
    let archive = TarStream(output, files: files)
    try archive.add(directory: root)
    try archive.add(dockerfile, bytes: text)
    if !hasIgnoreFile { try archive.add(Self.ignoreFile, bytes: Array("\(Self.ignoreFile)\n\(dockerfile)\n".utf8)) }
    try archive.finish()
  }
}
