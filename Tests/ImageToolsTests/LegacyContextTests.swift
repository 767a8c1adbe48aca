import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct LegacyContextTests {
  private static let files = PosixFileSystem()

  /// A staged context with these files, and a Dockerfile beside it.
  private static func stage(_ contents: [FilePath: String], in directory: TemporaryDirectory) throws -> BuildRequest {
    let request = BuildRequest(directory: directory.path)
    try files.createDirectory(directory / request.context)
    for (path, text) in contents { try directory.write(request.context / path, text) }
    try directory.write(request.dockerfile, "FROM scratch\nCOPY . /all\n")
    try directory.write(request.ignoreFile, "# nothing\n")
    return request
  }

  @Test(arguments: [
    ("*.pyc\n", "coppice-dockerfile.pyc"), ("# a\nbuild\n", "build"), ("/b?\n", "b0"), ("**/cache\n", "cache"),
    ("sub/*.log\n", "sub/coppice-dockerfile.log"), ("none/x\n*.o\n", "coppice-dockerfile.o"),
    ("sub\n!sub/f\n", "sub/coppice-dockerfile"), ("*.a\n!*.a\n*.b\n", "coppice-dockerfile.b"),
    // The daemon would take the ignore file itself away, too, or leave the Dockerfile.
    ("*\n", nil), ("*\n!.dockerignore\n!f\n!sub\n", "coppice-dockerfile"), ("", nil), ("# only words\n", nil),
    ("none/x\n", nil), ("**.pyc\n", nil), ("a\\b\n[ab]\n", nil), ("f\n", "f/coppice-dockerfile"), ("*.a\n!*\n", nil),
  ])
  func theDockerfileLiesWhereTheIgnoreFileLeavesItOut(ignore: String, place: String?) throws {
    let directory = try TemporaryDirectory()
    let request = try Self.stage(["f/g": "1", "sub/f": "2", ".dockerignore": ignore], in: directory)
    #expect((try? LegacyContext(of: request, files: Self.files))?.dockerfile == place.map { FilePath($0) })
  }

  @Test func withoutIgnoreFileTheNameIsFree() throws {
    let directory = try TemporaryDirectory()
    let request = try Self.stage(["coppice-dockerfile": "mine"], in: directory)
    #expect(try LegacyContext(of: request, files: Self.files).dockerfile == "coppice-dockerfile-1")
  }

  /// Names, links and modes of every kind.
  private static func writeOddities(below context: FilePath) throws {
    let long = FilePath(String(repeating: "long-name-", count: 12))
    for name: FilePath in [
      "a b", "-n", "ü", FilePath(bytes: [0x78, 0xFF]), FilePath("\(long)x"), long / long / "deep", "*", "Dockerfile",
    ] {
      try files.createDirectory((context / name).parent)
      try files.replace(context / name, with: Array("\(name)\n".utf8), mode: 0o640)
    }
    try files.replace(context / "setuid", with: Array(repeating: 7, count: 300_000), mode: 0o4755)
    try files.replace(context / "empty", with: [], mode: 0o600)
    try files.createDirectory(context / "void")
    try files.setMode(0o1777, of: context / "void")
    try files.createLink(context / "link", to: "a b")
    try files.createLink(context / "far", to: "/" / long / long)
    try files.setModified(-5_000_000_000, of: context / "empty")
  }

  @Test func theArchiveHoldsTheFilesAsTheyAre() async throws {
    let directory = try TemporaryDirectory()
    let request = try Self.stage([:], in: directory)
    let context = directory / request.context
    try Self.writeOddities(below: context)
    let writer = BytesWriter()
    let archive = TarStream(writer, files: Self.files)
    try archive.add(directory: context)
    try archive.finish()
    let place = directory / "out"
    try Self.files.createDirectory(place)
    let result = try await PosixProcessRunner().capture(
      ProcessCommand(["tar", "-xpf", "-", "-C", place.description], input: .bytes(writer.bytes)))
    #expect(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
    func look(_ root: FilePath, _ path: FilePath = "") throws -> [String] {
      try Self.files.entries(of: path.isEmpty ? root : root / path).flatMap { entry in
        let (name, status) = (path / entry.name, entry.status)
        let content =
          switch status.kind {
          case .regular: "\(try Self.files.digest(of: root / name)) \(status.modified / 1_000_000_000)"
          case .symbolicLink: "\(try Self.files.target(ofLink: root / name))"
          default: ""
          }
        return ["\(name.bytes) \(status.kind) \(status.mode) \(content)"]
          + (status.kind == .directory ? try look(root, name) : [])
      }
    }
    #expect(try look(place) == look(context))
  }

  @Test(
    .enabled(if: Installed.dockerHost != nil && Installed.hasBuildah),
    arguments: [nil, "*.pyc\n", "*\n!sub/*.k\n!.dockerignore\n", "sub\n!sub/f\n"])
  func copyOfAllIsWhatBuildahMakesOfIt(ignore: String?) async throws {
    var files: [FilePath: String] = ["f": "1", "sub/f": "2", "sub/g.k": "3"]
    files[".dockerignore"] = ignore
    for client in Installed.dockers {
      let lab = try await RealEngine(docker: client)
      let request = try Self.stage(files, in: lab.directory)
      try Self.writeOddities(below: lab.directory / request.context)
      let tool = EngineTool(
        program: client + "/docker", environment: lab.environment, processes: lab.processes, files: lab.files)
      let docker = DockerEngine(
        tool, version: "20", builder: .legacy, context: "default", hasContainerdStore: false)
      var images: [Digest] = []
      for engine in [docker, try await lab.finder("buildah").engine()] as [any ContainerEngine] {
        let image = try await engine.build(request) { _ in }
        let stored = Locked<StoredImage?>(nil)
        try await engine.save(image) { reader in
          let image = try lab.store.importArchive(reader)
          stored.withLock { $0 = image }
        }
        images.append(try #require(stored.withLock { $0 }).config)
        await engine.remove(image)
      }
      let differing = try lab.store.differences(between: images[0], and: images[1]).map(\.path)
      #expect(differing.filter { $0.hasPrefix("/") } == [], "\(client)")
    }
  }
}
