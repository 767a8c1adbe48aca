import Glibc
import HostSystem
import ImageModel
import TestSupport
import Testing

/// One image by every way that leads to it.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.hasBusybox && Laboratory.has("skopeo") && Laboratory.directory != nil, "make test prepares the peers"
  ))
struct SIFSourceTests {
  private func sif(_ tree: Repository, _ name: FilePath, _ words: String...) async throws -> [UInt8] {
    let run = try await tree.coppice(["sif", "build", "\(name)"] + words)
    try #require(run.exitCode == 0, "\(words): \(run.all)")
    return try Laboratory.files.contents(of: tree.directory / name, limit: 1 << 28)
  }

  private func copy(_ tree: Repository, _ source: String, _ target: String, _ more: String...) async throws {
    let run = try await tree.run(["skopeo", "copy", "-q"] + more + [source, target])
    try #require(run.exitCode == 0, "\(run.all)")
  }

  @Test func everyWayGivesTheSameBytes() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("tools")
    let layout = "oci:\(tree.directory / "layout"):cati/tools:1"
    // In OCI's form first: on the way back to docker's the config stays as it is.
    try await copy(tree, "oci:\(tree.directory / ".coppice/store"):cati/tools:1", layout)
    try await copy(tree, layout, "oci-archive:\(tree.directory / "oci.tar"):app")
    try await copy(tree, layout, "docker-archive:\(tree.directory / "docker.tar"):example/app:1")
    let packed = try await tree.run(["gzip", "-k", "docker.tar"])
    try #require(packed.exitCode == 0, "\(packed.all)")
    let expected = try await sif(tree, "layout.sif", "oci:layout:cati/tools:1")
    #expect(try await sif(tree, "a.sif", "oci-archive:oci.tar") == expected)
    #expect(try await sif(tree, "b.sif", "docker-archive:docker.tar:example/app:1") == expected)
    #expect(try await sif(tree, "c.sif", "docker-archive:docker.tar.gz") == expected)
    try await Registry.with(user: "me", password: "secret") { registry in
      let reference = "\(registry.address)/team/app:1"
      try await copy(tree, layout, "docker://\(reference)", "--dest-tls-verify=false", "--dest-creds", "me:secret")
      let denied = try await tree.coppice("sif", "build", "d.sif", reference)
      #expect(denied.exitCode == 1 && denied.errorOutput.contains("denies access"), "\(denied.all)")
      try tree.write(
        "home/.docker/config.json", #"{"auths":{"\#(registry.address)":{"auth":"bWU6c2VjcmV0"}}}"#)
      #expect(try await sif(tree, "d.sif", reference) == expected)
      #expect(try await sif(tree, "e.sif", "docker://\(reference)") == expected)
    }
    let diff = try await tree.coppice("sif", "diff", "layout.sif", "docker-archive:docker.tar", "--exit-code")
    #expect(diff.exitCode == 0, "\(diff.all)")
    let stored = try await sif(tree, "f.sif", "store:cati/tools:1")
    #expect(!stored.isEmpty)
    try await expectSameBytesAsUser(tree, expected)
  }

  /// As nobody in particular: all owners are those of the image.
  private func expectSameBytesAsUser(_ tree: Repository, _ expected: [UInt8]) async throws {
    guard getuid() == 0, Laboratory.has("setpriv") else { return }
    try Laboratory.files.createDirectory(tree.directory / "open")
    try Laboratory.files.setMode(0o777, of: tree.directory / "open")
    let run = try await tree.run(
      [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", (Laboratory.binaries / "coppice").description,
        "sif", "build", "open/user.sif", "oci:layout:cati/tools:1",
      ])
    try #require(run.exitCode == 0, "\(run.all)")
    #expect(try Laboratory.files.contents(of: tree.directory / "open/user.sif", limit: 1 << 28) == expected)
  }
}
