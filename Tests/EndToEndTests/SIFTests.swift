import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// SIF files as steps: made of images of the store, without an engine.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.has("buildah"), "make test prepares the peers"))
struct SIFTests {
  private func repository(_ settings: String = "") async throws -> Repository {
    let tree = try await Repository()
    try tree.write("coppice.yaml", "namespace: cati\n" + settings)
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
      dockerfile: "FROM cati/shell:1\nCOPY text /app\nCMD [\"/bin/busybox\", \"cat\", \"/app\"]\n")
    try tree.write("share/docker/app/1/text", "app\n")
    return tree
  }

  private func sha256(_ path: FilePath) throws -> Digest { try Laboratory.files.digest(of: path) }

  @Test func anImageBecomesASIFAndOnlyWhatChangedIsConverted() async throws {
    let tree = try await repository()
    #expect(
      try await tree.build() == [
        "docker/app:1 built", "docker/shell:1 built", "sif/app:1 built", "sif/shell:1 built",
      ])
    let file = tree.directory / "images/app-1.sif"
    let made = try sha256(file)
    #expect(try Laboratory.files.status(of: file, followingLinks: false).mode == 0o755)
    let sidecar = try JSONValue(
      parsing: try Laboratory.files.contents(of: tree.directory / "images/app-1.sif.json", limit: 1 << 16))
    #expect(sidecar["sha256"]?.string == made.hex)
    #expect(sidecar["container_type"]?.string == "singularity")
    #expect(try await tree.coppice("sif", "verify", "images/app-1.sif").exitCode == 0)
    #expect(try await tree.build() == [])

    // An edit of the upper image leaves the lower one's file alone.
    try tree.write("share/docker/app/1/text", "other\n")
    #expect(try await tree.build() == ["docker/app:1 built", "sif/app:1 built"])
    #expect(try sha256(file) != made)
    // What it was is in the store still: nothing is converted.
    try tree.write("share/docker/app/1/text", "app\n")
    #expect(try await tree.build() == ["docker/app:1 restored", "sif/app:1 restored"])
    #expect(try sha256(file) == made)
  }

  @Test func whatIsLostOrWasWrittenOverComesBackFromTheStore() async throws {
    let tree = try await repository()
    _ = try await tree.build()
    let file = tree.directory / "images/app-1.sif"
    let made = try sha256(file)
    try Laboratory.files.remove(file)
    let status = try await tree.coppice("status")
    #expect(status.output.contains("app-1.sif is not there"))
    #expect(try await tree.build() == ["sif/app:1 restored"])
    #expect(try sha256(file) == made)
    try Laboratory.files.replace(file, with: [1, 2, 3], mode: 0o644)
    #expect(try await tree.build() == ["sif/app:1 restored"])
    #expect(try sha256(file) == made)
  }

  @Test func settingsAndDefinitionsSayWhetherAndHow() async throws {
    let tree = try await repository("singularity: false\nimages: out/sif\n")
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1'], singularity: {compression: zstd, level: 1}}\n",
      dockerfile: "FROM cati/shell:1\nCOPY text /app\n")
    #expect(try await tree.build() == ["docker/app:1 built", "docker/shell:1 built", "sif/app:1 built"])
    #expect(try await tree.coppice("sif", "verify", "out/sif/app-1.sif").exitCode == 0)
    // Another level is another file of the same image.
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1'], singularity: {compression: zstd, level: 3}}\n",
      dockerfile: "FROM cati/shell:1\nCOPY text /app\n")
    #expect(try await tree.build() == ["sif/app:1 built"])
  }

  @Test func theSameImageGivesTheSameBytes() async throws {
    let tree = try await repository()
    _ = try await tree.build()
    let made = try sha256(tree.directory / "images/app-1.sif")
    // Made again from the same image: the store has forgotten that it knows the file.
    try Laboratory.files.removeTree(tree.directory / "images")
    try Laboratory.files.removeTree(tree.directory / ".coppice/store/coppice/fingerprints")
    try Laboratory.files.remove(tree.directory / ".coppice/store/blobs/sha256" / FilePath(made.hex))
    #expect(try await tree.build("sif/app:1") == ["sif/app:1 unchanged"])
    #expect(try sha256(tree.directory / "images/app-1.sif") == made)
  }

  @Test func whatNoDefinitionMakesIsCollected() async throws {
    let tree = try await repository()
    _ = try await tree.build()
    try Laboratory.files.removeTree(tree.directory / "share/docker/app")
    try tree.write("images/mine.sif", "mine")
    func names() throws -> [String] { try Laboratory.files.names(of: tree.directory / "images").map { "\($0.name)" } }
    let all = try names()
    let dry = try await tree.coppice("gc", "--dry-run")
    #expect(dry.output.contains("images/app-1.sif would be removed: no definition makes it"), "\(dry.all)")
    #expect(try names() == all)
    let run = try await tree.coppice("gc", "--json")
    #expect(try JSONValue(parsing: run.output)["images"]?.strings?.count == 1, "\(run.all)")
    #expect(try names() == ["mine.sif", "shell-1.sif", "shell-1.sif.json"])
    #expect(try await tree.build() == [])
    #expect(try await tree.coppice("clean", "--all").exitCode == 0)
    #expect(try names() == ["mine.sif"])
  }

  @Test func theSidecarSaysWhatCasaDistroCompares() async throws {
    let tree = try await repository()
    _ = try await tree.build()
    let sidecar = try JSONValue(parsing: try tree.directory.text("images/app-1.sif.json"))
    let sum = try await tree.run(["md5sum", "images/app-1.sif"])
    #expect(sidecar["md5"]?.string.map { sum.output.hasPrefix($0 + " ") } == true, "\(sum.all)")
    #expect(
      sidecar["size"]?.integer
        == (try Laboratory.files.status(of: tree.directory / "images/app-1.sif", followingLinks: false)).size)
  }

  @Test(.enabled(if: Laboratory.has("strace"))) func theCommandTakesBlocksOfTheStoreAtHand() async throws {
    let tree = try await repository()
    _ = try await tree.build()
    let made = try sha256(tree.directory / "images/app-1.sif")
    let layers = Set(
      try Laboratory.files.names(of: tree.store / "coppice/layers").compactMap { entry -> FilePath? in
        let text = try tree.directory.text(".coppice/store/coppice/layers" / entry.name)
        return text.split(separator: " ").dropFirst(3).first.map { FilePath($0.dropFirst("sha256:".count)) }
      })
    for source in ["store:cati/app:1", "oci:.coppice/store:cati/app:1"] {
      let (run, calls) = try await tree.countCalls(["sif", "build", "--force", "x.sif", source])
      #expect(run.exitCode == 0, "\(run.all)")
      #expect(try sha256(tree.directory / "x.sif") == made)
      let read = calls.opened(below: tree.store / "blobs").filter { layers.contains($0.name) }
      #expect(!layers.isEmpty && read == [], "\(source)")
    }
    // Elsewhere nothing is known, and the bytes are the same.
    try Laboratory.files.createDirectory(tree.directory / "home/elsewhere")
    let alone = try await tree.run(
      [(Laboratory.binaries / "coppice").description, "sif", "build", "x.sif", "oci:\(tree.store):cati/app:1"],
      environment: ["CASA_DEFAULT_REPOSITORY": nil], in: "home/elsewhere")
    #expect(alone.exitCode == 0, "\(alone.all)")
    #expect(try sha256(tree.directory / "home/elsewhere/x.sif") == made)
  }
}
