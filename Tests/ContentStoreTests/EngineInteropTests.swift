import ContentStore
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

private let searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

/// Whether all these programs are installed.
func have(_ programs: String...) -> Bool {
  programs.allSatisfy { program in
    searchPath.contains { (try? PosixFileSystem().status(of: "\($0)/\(program)", followingLinks: true)) != nil }
  }
}

/// Against the programs that read what we write and write what we read.
@Suite(.serialized) struct EngineInteropTests {
  private let directory: TemporaryDirectory
  private let layout: ImageLayout
  private let runner = PosixProcessRunner()

  init() throws {
    directory = try TemporaryDirectory()
    layout = ImageLayout(root: directory / "store", files: directory.fileSystem)
  }

  @discardableResult private func run(_ arguments: String...) async throws -> String {
    let result = try await runner.capture(ProcessCommand(arguments, directory: directory.path), limit: 64 << 20)
    let text = String(decoding: result.output, as: UTF8.self)
    try #require(result.status.isSuccess, "\(arguments): \(String(decoding: result.errorOutput, as: UTF8.self))")
    return text
  }

  /// buildah with images of its own.
  @discardableResult private func buildah(_ arguments: String...) async throws -> String {
    let storage = ["--root", "\(directory / "images")", "--runroot", "\(directory / "run")", "--storage-driver", "vfs"]
    let command = ProcessCommand(["buildah"] + storage + arguments, directory: directory.path)
    let result = try await runner.capture(command)
    try #require(result.status.isSuccess, "\(arguments): \(String(decoding: result.errorOutput, as: UTF8.self))")
    let output = String(decoding: result.output, as: UTF8.self)
    return output.split(separator: "\n").last.map(String.init) ?? ""
  }

  /// Imports what `buildah push` writes, through a pipe.
  private func push(_ id: String) async throws -> StoredImage {
    let result = Locked<StoredImage?>(nil)
    let layout = layout
    let command = ProcessCommand(
      [
        "buildah", "--root", "\(directory / "images")", "--runroot", "\(directory / "run")", "--storage-driver", "vfs",
        "push", "-q", id, "docker-archive:/dev/stdout",
      ],
      output: .consumer { reader in
        let image = try layout.importArchive(reader)
        result.withLock { $0 = image }
      })
    let status = try await runner.run(command)
    try #require(status.isSuccess)
    return try #require(result.withLock { $0 })
  }

  private func buildImage() async throws -> String {
    try directory.write("context/file", "content\n", mode: 0o755)
    try directory.write(
      "context/Dockerfile",
      """
      FROM scratch
      COPY file /file
      SHELL ["/bin/sh", "-x"]
      ONBUILD ENV SEEN=yes
      HEALTHCHECK CMD ["/file"]
      """)
    return try await buildah("bud", "-q", "--no-cache", "--format", "docker", "\(directory / "context")")
  }

  @Test(.enabled(if: have("gzip"), "gzip is not installed"))
  func gzipReadsLayers() async throws {
    var random = SeededGenerator(seed: 2)
    let layer = tar([
      TestEntry("f", bytes: random.bytes(3 << 20)), TestEntry("g", bytes: [UInt8](repeating: 1, count: 1 << 20)),
    ])
    let stored = try layout.importArchive(BytesReader(TestImage(layers: [layer]).archive(.buildah)))
    let path = layout.path(ofBlob: stored.layers[0].blob)
    let bytes = try directory.fileSystem.contents(of: path, limit: 64 << 20)
    let result = try await runner.capture(ProcessCommand(["gzip", "-dc"], input: .bytes(bytes)), limit: 64 << 20)
    #expect(result.output == layer)
  }

  @Test(.enabled(if: have("tar"), "tar is not installed"), arguments: ["gnu", "pax", "ustar", "v7", "oldgnu"])
  func everyFormOfTarIsTheSameContent(_ form: String) async throws {
    let long = form == "v7" ? "short" : "d/" + String(repeating: "sub-directory/", count: 6)
    try directory.write(FilePath("tree/\(long)/file"), "1")
    if form != "v7" && form != "ustar" {
      try directory.write(FilePath("tree/" + String(repeating: "x", count: 180)), "2")
    }
    try directory.write("tree/big", String(repeating: "0123456789", count: 20_000))
    try directory.fileSystem.createLink(directory / "tree/link", to: "big")
    try directory.fileSystem.hardLink(directory / "tree/hard", to: directory / "tree/big")
    var contents: Set<Digest> = []
    for format in [form, "pax"] {
      try await run(
        "tar", "--format=" + format, "--owner=root:0", "--group=root:0", "--sort=name", "-cf", "layer.tar", "-C",
        "tree", ".")
      let layer = try directory.fileSystem.contents(of: directory / "layer.tar", limit: 64 << 20)
      contents.insert(try layout.importArchive(BytesReader(TestImage(layers: [layer]).archive(.buildah))).content)
    }
    #expect(contents.count == 1)
  }

  @Test(.enabled(if: have("skopeo"), "skopeo is not installed"))
  func skopeoFindsNamesAndKeepsConfigs() async throws {
    let image = TestImage(layers: [tar([TestEntry("a", "b")]), tar([TestEntry("c", "d")])])
    let stored = try layout.importArchive(BytesReader(image.archive(.legacy)))
    let other = try layout.importArchive(BytesReader(TestImage(layers: [], environment: "B=c").archive(.legacy)))
    let name = "cati/casa-dev:ubuntu-18.04"
    try layout.setNames([(name, stored.config), ("cati/other:1", other.config)])
    let raw = try await run("skopeo", "inspect", "--raw", "oci:store:" + name)
    #expect(raw.contains("\(stored.manifest)"))
    _ = try await run("skopeo", "inspect", "oci:store:" + name)
    try await run("skopeo", "copy", "-q", "oci:store:" + name, "dir:copy")
    let manifest = try directory.fileSystem.contents(of: directory / "copy/manifest.json", limit: 1 << 20)
    #expect(Digest.sha256(manifest) == stored.manifest)
    for digest in [stored.config] + stored.layers.map(\.blob) {
      #expect(try directory.fileSystem.digest(of: directory / "copy/\(FilePath(digest.hex))") == digest)
    }
  }

  @Test(.enabled(if: have("buildah"), "buildah is not installed"))
  func buildahGivesAndTakesImages() async throws {
    let id = try await buildImage()
    let stored = try await push(id)
    #expect(stored.config.hex == id)
    #expect(layout.condition(of: stored.output) == .intact)
    try layout.setNames([("cati/x:1", stored.config)])
    // A rebuild differs in times only.
    let again = try await push(try await buildImage())
    #expect(again.config != stored.config)
    #expect(again.content == stored.content)
    #expect(try layout.differences(between: stored.config, and: again.config) == [])

    try await buildah("rmi", "--all", "--force")
    #expect(try await buildah("pull", "-q", "oci:store:cati/x:1") == id)
    try directory.write("child/Dockerfile", "FROM \(id)\nCOPY Dockerfile /d\n")
    let child = try await push(try await buildah("bud", "-q", "--format", "docker", "\(directory / "child")"))
    let config = String(decoding: try layout.contents(ofBlob: child.config), as: UTF8.self)
    #expect(config.contains("SEEN=yes"))
    #expect(config.contains(#""Shell":["/bin/sh","-x"]"#))
    #expect(Array(child.layers.prefix(stored.layers.count)) == stored.layers)
  }

  @Test(.enabled(if: have("buildah"), "buildah is not installed"))
  func buildahLoadsExports() async throws {
    let id = try await buildImage()
    let stored = try await push(id)
    let writer = MemoryWriter()
    try layout.exportArchive(config: stored.config, names: [try ImageReference("localhost/cati/x:1")], to: writer)
    try directory.fileSystem.replace(directory / "export.tar", with: writer.bytes, mode: 0o644)
    try await buildah("rmi", "--all", "--force")
    #expect(try await buildah("pull", "-q", "docker-archive:\(directory / "export.tar")") == id)
    #expect(try await buildah("images", "-q", "--no-trunc", "localhost/cati/x:1").contains(id))
  }
}
