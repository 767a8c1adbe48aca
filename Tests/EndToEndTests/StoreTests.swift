import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Others read what the store holds.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.has("skopeo"), "make test prepares the peers"))
struct StoreTests {
  @Test func skopeoReadsTheStoreAndSeesTheDigestsOfTheLockfile() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("all")
    let lock = try tree.directory.text("coppice.lock")
    for name in ["base:1", "python:1", "science:1", "tools:1"] {
      let layout = "oci:\(tree.directory / ".coppice/store"):cati/\(name)"
      let result = try await Laboratory.run(["skopeo", "inspect", "--raw", layout])
      try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
      #expect(lock.contains("index: \(Digest.sha256(result.output))"))
      let index = try JSONValue(parsing: result.output)
      let manifest = try #require(index["manifests"]?[0]?["digest"]?.string)
      #expect(lock.contains("manifest: \(manifest)"))
      let config = try await Laboratory.run(["skopeo", "inspect", "--config", "--raw", layout])
      #expect(lock.contains("output: \(Digest.sha256(config.output))"), "the config's bytes are the engine's")
      let inspected = try await Laboratory.run(["skopeo", "inspect", "--format", "{{.Digest}}", layout])
      let digest = String(decoding: inspected.output, as: UTF8.self).filter { !$0.isWhitespace }
      #expect(lock.contains("index: \(digest)"), "\(String(decoding: inspected.errorOutput, as: UTF8.self))")
    }
  }

  @Test func namesFollowTheirDefinitionsWithoutABuild() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("all")
    func config(_ name: String) async throws -> String? {
      let layout = "oci:\(tree.directory / ".coppice/store"):cati/\(name)"
      let result = try await Laboratory.run(["skopeo", "inspect", "--config", "--raw", layout])
      return result.status.isSuccess ? Digest.sha256(result.output).description : nil
    }
    let (base, tools) = (try #require(try await config("base:1")), try #require(try await config("tools:1")))
    #expect(try await config("base:latest") == base)
    // `latest` moves from base to tools, and tools gets another name.
    try tree.write("share/docker/base/1/casa_distro_docker.yaml", "image_sources:\n  - {name: base, tags: ['1']}\n")
    try tree.write(
      "share/docker/tools/1/casa_distro_docker.yaml",
      "dependencies: [../../base]\nimage_sources:\n  - {name: tools, tags: [latest, '1']}\n")
    #expect(try await tree.build("all") == [])
    #expect(try await config("base:latest") == nil)
    #expect(try await config("tools:latest") == tools)
    let named = try await Laboratory.run(
      ["buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", "cati/tools:latest"],
      environment: tree.environment)
    #expect(String(decoding: named.output, as: UTF8.self).contains(tools.dropFirst("sha256:".count)))
  }

  @Test func verifyFindsADamagedBlobAndTheNextBuildMakesItAnew() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("all")
    #expect(try await tree.coppice("verify").exitCode == 0)
    // One byte of the largest blob, its size unchanged.
    let blobs = try Laboratory.files.entries(of: tree.directory / ".coppice/store/blobs/sha256")
    let largest = try #require(blobs.max { $0.status.size < $1.status.size })
    let path = tree.directory / ".coppice/store/blobs/sha256" / largest.name
    var bytes = try Laboratory.files.contents(of: path, limit: 1 << 28)
    bytes[bytes.count / 2] ^= 1
    try Laboratory.files.replace(path, with: bytes, mode: 0o644)
    let verified = try await tree.coppice("verify")
    #expect(verified.exitCode == 1)
    #expect(verified.output.contains(largest.name.description), "\(verified.all)")
    let ran = try await tree.build("all")
    #expect(ran.contains { $0.hasPrefix("docker/base:1 ") }, "\(ran)")
    #expect(try await tree.coppice("verify").exitCode == 0)
  }

  @Test func garbageCollectionKeepsWhatTheLockfileNames() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("all")
    let dockerfile: FilePath = "share/docker/tools/1/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "RUN echo more > /more\n")
    try await tree.build("all")
    let before = try Laboratory.files.entries(of: tree.directory / ".coppice/store/blobs/sha256").count
    let dry = try await tree.coppice("gc", "--dry-run", "--json")
    let removed = try JSONValue(parsing: dry.output)["removed"]?.array?.count ?? 0
    #expect(removed > 0)
    #expect(try Laboratory.files.entries(of: tree.directory / ".coppice/store/blobs/sha256").count == before)
    #expect(try await tree.coppice("gc").exitCode == 0)
    #expect(try Laboratory.files.entries(of: tree.directory / ".coppice/store/blobs/sha256").count == before - removed)
    #expect(try await tree.build("all") == [])
    #expect(try await tree.coppice("verify").exitCode == 0)
  }
}
