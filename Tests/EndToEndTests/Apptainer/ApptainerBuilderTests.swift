import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// The real Apptainer as what makes the SIF files of a tree.
@Suite(
  .serialized,
  .enabled(
    if: Apptainer.installed != nil && Laboratory.hasBusybox && Laboratory.has("buildah"), "make interop runs these"))
struct ApptainerBuilderTests {
  @Test func itMakesTheFilesOfTheTreeWhereThatIsWanted() async throws {
    let apptainer = try #require(Apptainer.installed)
    let tree = try await Repository()
    try tree.write("coppice.yaml", "namespace: cati\nsif_builder: apptainer\n")
    try tree.defineShell()
    try tree.write("bin/apptainer", "#!/bin/sh\nexec \(apptainer.entering) apptainer \"$@\"\n", mode: 0o755)
    let path: [String: String?] = ["PATH": "\(tree.directory / "bin"):\(tree.environment["PATH"] ?? "/bin")"]
    func build(_ words: String...) async throws -> Run { try await tree.coppice(["build"] + words, environment: path) }

    let first = try await build()
    #expect(first.exitCode == 0, "\(first.all)")
    let sidecar = try JSONValue(
      parsing: try Laboratory.files.contents(of: tree.directory / "images/shell-1.sif.json", limit: 1 << 16))
    #expect(sidecar["writer"]?.string == "apptainer")
    #expect(try Laboratory.files.digest(of: tree.directory / "images/shell-1.sif").hex == sidecar["sha256"]?.string)
    #expect(try await tree.coppice("sif", "verify", "images/shell-1.sif").output.contains("is whole"))
    let words = ["apptainer", "exec", "images/shell-1.sif", "/bin/busybox", "echo", "of the image"]
    #expect(try await apptainer.output(words, in: tree.directory.path) == "of the image\n")

    // Nothing is left to do; another maker makes another file.
    #expect(try await build("--progress", "json").events.allSatisfy { $0["event"]?.string != "finished" })
    let other = try await tree.build("--sif-builder", "coppice")
    #expect(other == ["sif/shell:1 built"])
    #expect(try Laboratory.files.digest(of: tree.directory / "images/shell-1.sif").hex != sidecar["sha256"]?.string)
  }
}
